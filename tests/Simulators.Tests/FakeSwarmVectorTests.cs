using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sotto.FakeSwarm;
using Sotto.TestSupport;

namespace Simulators.Tests;

/// <summary>The simulated node answers recorded requests as the recorded node did; only the texts of errors are its own.</summary>
[Category("vectors")]
public sealed partial class FakeSwarmVectorTests
{
    private const string Area = "oxenmq";
    private const string File = "storage-monitor.json";

    private static readonly ManualTimeProvider Clock = new(DateTimeOffset.FromUnixTimeSeconds(CaptureSeconds()));
    private FakeSwarmNetwork _network = null!;

    [OneTimeSetUp]
    public async Task Start() => _network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = 1, Swarms = 1, Clock = Clock });

    [OneTimeTearDown]
    public async Task Stop() => await _network.DisposeAsync();

    [TestCaseSource(nameof(Requests))]
    public async Task A_recorded_request_gets_the_recorded_answer(VectorCase vector)
    {
        using var client = new SwarmClient(_network.Nodes[0]);

        client.Send([.. vector.Json.HexList("dealer_sends").Select(Encoding.Latin1.GetString)]);

        var answer = await client.ReceiveAsync();
        var recorded = vector.Json.HexList("listener_sends").Select(Encoding.Latin1.GetString);
        Assert.That(answer?.Select(Outcomes), Is.EqualTo(recorded.Select(Outcomes)));
    }

    public static IEnumerable<TestCaseData> Requests() => VectorFolder.Cases(
        Area, File, "requests", root => root.GetProperty("cases").EnumerateArray().Where(IsRequest));

    private static bool IsRequest(JsonElement item) => item.GetProperty("dealer_sends").ValueKind == JsonValueKind.Array;

    // The signatures are real, so the clock shows the day on which they were made: that of a request that was accepted.
    private static long CaptureSeconds()
    {
        var accepted = VectorFolder.Load(Area, File)?.GetProperty("cases").EnumerateArray()
            .Where(IsRequest)
            .Where(item => Encoding.Latin1.GetString(item.HexList("listener_sends")[^1]) == "d7:successi1ee")
            .Select(item => SignedAt().Match(Encoding.Latin1.GetString(item.HexList("dealer_sends")[^1])))
            .FirstOrDefault(match => match.Success);
        return accepted is null ? 0 : long.Parse(accepted.Groups["seconds"].ValueSpan, CultureInfo.InvariantCulture);
    }

    // Whether it is a list, and what became of each element.
    private static string Outcomes(string text) => text.StartsWith("REPLY", StringComparison.Ordinal) || !Outcome().IsMatch(text)
        ? text
        : text[0] + string.Concat(Outcome().Matches(text).Select(match => match.Value));

    [GeneratedRegex("1:ti(?<seconds>\\d{10})ee$", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex SignedAt();

    [GeneratedRegex("7:successi1e|7:errcodei\\d+e", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Outcome();
}
