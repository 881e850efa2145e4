using System.Security.Authentication;
using Sotto.FakeApns;
using Sotto.FakeFcm;
using Sotto.FakeHms;
using Sotto.FakeProvider;
using Sotto.FakeWebPush;
using Sotto.TestSupport;

namespace Simulators.Tests.Providers;

/// <summary>Every kind of fault on every simulator, as a client meets it; the script and the ledger are the same for all.</summary>
public sealed class EveryFakeTests
{
    // Judged by every vendor, and refused by all: no simulator knows it.
    private const string Path = "/nowhere";

    private static readonly string[] Names = ["apns", "fcm", "hms", "webpush"];

    public static IEnumerable<TestCaseData> EveryFault => Names.SelectMany(name => Enum.GetValues<FaultKind>().Select(kind => new TestCaseData(name, kind)));

    public static IEnumerable<string> EveryFake => Names;

    [TestCaseSource(nameof(EveryFault))]
    public async Task A_fault_acts_once_and_the_ledger_tells_of_it(string name, FaultKind kind)
    {
        await using var fake = await StartAsync(name);
        using var client = Client(fake);
        var good = await client.PostAsync(Path, "{}");
        fake.Faults.Add(new Fault { Kind = kind, Status = kind is FaultKind.Answer ? 418 : null, DelayMs = kind is FaultKind.Delay or FaultKind.Drip ? 1 : 0 });
        using var impatience = new CancellationTokenSource(kind == FaultKind.Forever ? TimeSpan.FromMilliseconds(500) : TimeSpan.FromSeconds(30));

        Answer? met = null;
        try
        {
            met = await client.SendAsync("POST", Path, "{}"u8.ToArray(), impatience.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
        }

        Assert.That(met?.Status, Is.EqualTo(kind switch
        {
            FaultKind.Answer => 418,
            FaultKind.Html => 502,
            FaultKind.Empty => 503,
            FaultKind.Garbage => 200,
            FaultKind.Delay or FaultKind.Drip or FaultKind.GoAway => good.Status,
            _ => (int?)null,
        }));
        Assert.That((await client.PostAsync(Path, "{}")).Status, Is.EqualTo(good.Status), "the fault is used up");
        Assert.That(fake.Ledger.Summarise().Faults[kind], Is.EqualTo(1));
        Assert.That(fake.Faults.Count, Is.Zero);
    }

    [TestCaseSource(nameof(EveryFake))]
    public async Task A_client_is_not_fooled_by_a_certificate_that_has_expired(string name)
    {
        await using var fake = await StartAsync(name);
        using var client = Client(fake);
        fake.Faults.Add(new Fault { Kind = FaultKind.ExpiredCertificate });

        var refused = Assert.ThrowsAsync<HttpRequestException>(async () => await client.PostAsync(Path, "{}"));

        Assert.That(refused!.InnerException, Is.InstanceOf<AuthenticationException>());
        Assert.That(fake.Ledger.Requests, Is.Zero, "nothing was said to it");
        Assert.That((await client.PostAsync(Path, "{}")).Status, Is.GreaterThanOrEqualTo(400));
    }

    [Test]
    public async Task The_stream_limit_changes_for_connections_that_come_later()
    {
        await using var google = await FakeFcm.StartAsync(new FakeFcmOptions { Latency = TimeSpan.FromMilliseconds(200) });
        await OrderAsync(google, "/limits", """{"maxStreams":1}""");
        using var client = ProviderClient.Http2(google);
        await client.PostAsync(Path, "{}");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.PostAsync(Path, "{}")));

        var requests = google.Ledger.Received.OrderBy(request => request.At).ToList();
        Assert.That(requests.Select(request => request.Connection).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1));
        Assert.That(requests.Zip(requests.Skip(1), (one, next) => next.At - one.At), Is.All.GreaterThan(TimeSpan.FromMilliseconds(100)), "one waits for the other");
    }

    [TestCaseSource(nameof(EveryFake))]
    public async Task A_script_can_be_ordered_over_the_control_endpoint(string name)
    {
        await using var fake = await StartAsync(name);
        using var client = Client(fake);

        await OrderAsync(fake, "/faults", """[{"kind":"answer","status":429,"retryAfter":"7"},{"kind":"answer","status":500,"count":0,"forMs":3600000}]""");

        var statuses = new List<int>();
        for (var i = 0; i < 3; i++)
            statuses.Add((await client.PostAsync(Path, "{}")).Status);
        Assert.That(statuses, Is.EqualTo([429, 500, 500]));
    }

    private static async Task OrderAsync(ProviderSimulator fake, string path, string order)
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(fake.Control, path)) { Content = new StringContent(order) };
        using var response = await http.SendAsync(request, CancellationToken.None);
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
    }

    // Huawei speaks HTTP/1.1 alone.
    private static ProviderClient Client(ProviderSimulator fake) => fake is FakeHms ? ProviderClient.Http1(fake) : ProviderClient.Http2(fake);

    private static async Task<ProviderSimulator> StartAsync(string name) => name switch
    {
        "apns" => await FakeApns.StartAsync(),
        "fcm" => await FakeFcm.StartAsync(),
        "hms" => await FakeHms.StartAsync(),
        _ => await FakeWebPush.StartAsync(),
    };
}
