using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sotto.Session;
using Sotto.TestSupport;

namespace Vectors.Tests.Session;

public sealed partial class MonitorVectorTests
{
    private const string File = "monitor_notify.json";

    private static IEnumerable<TestCaseData> Requests => VectorFolder.Cases("session", File, "requests");

    private static IEnumerable<TestCaseData> Batches => VectorFolder.Cases("session", File, "batch", root => [root.GetProperty("batch")]);

    private static IEnumerable<TestCaseData> Replies => VectorFolder.Cases("session", File, "replies");

    private static IEnumerable<TestCaseData> Notifications => VectorFolder.Cases("session", File, "notify_message");

    [TestCaseSource(nameof(Requests))]
    public void A_subscription_is_written_byte_for_byte(VectorCase vector)
    {
        var encoded = vector.Json.Hex("encoded_hex");
        var signed = SignedCase(vector.Json.Text("subscription"));
        // Without the file of signatures, what is read must at least be written again.
        var subscription = signed ?? WireSubscription.Read(encoded)!.Single();

        Assert.That(WireSubscription.Write([subscription], asList: false), Is.EqualTo(encoded));
    }

    [TestCaseSource(nameof(Batches))]
    public void A_batch_is_written_byte_for_byte(VectorCase vector)
    {
        var encoded = vector.Json.Hex("encoded_hex");
        var signed = vector.Json.GetProperty("subscriptions").EnumerateArray().Select(name => SignedCase(name.GetString()!)).ToList();
        var subscriptions = signed.Contains(null) ? WireSubscription.Read(encoded)! : signed.OfType<MonitorSubscription>().ToList();

        Assert.That(MonitorRequest.Write(subscriptions), Is.EqualTo(encoded));
    }

    [TestCaseSource(nameof(Replies))]
    public void A_reply_is_read(VectorCase vector)
    {
        var text = vector.Json.Text("reply_text");
        var codes = Outcome().Matches(text)
            .Select(match => match.Groups["code"].Success ? long.Parse(match.Groups["code"].ValueSpan, CultureInfo.InvariantCulture) : 0).ToArray();

        Assert.That(MonitorReply.TryParse(Encoding.Latin1.GetBytes(text), codes.Length, out var reply), Is.True);
        Assert.That(reply!.IsList, Is.EqualTo(text.StartsWith('l')));
        Assert.That(reply.Results.Select(result => result.Accepted ? 0 : result.ErrorCode), Is.EqualTo(codes));
    }

    [TestCaseSource(nameof(Notifications))]
    public void A_notification_is_taken_or_dropped(VectorCase vector)
    {
        var taken = NotifyMessage.TryParse(vector.Json.Hex("encoded_hex"), out var message);

        Assert.That(taken, Is.EqualTo(vector.Json.Text("result") == "accept"));
        if (!taken)
            return;

        Assert.That(message.Account.ToArray(), Is.EqualTo(vector.Json.Hex("account")));
        Assert.That(message.Hash, Is.EqualTo(vector.Json.Text("hash")));
        Assert.That(message.Namespace, Is.EqualTo(vector.Json.GetProperty("namespace").GetInt64()));
        Assert.That(message.TimestampMilliseconds, Is.EqualTo(vector.Json.GetProperty("timestamp").GetInt64()));
        Assert.That(message.ExpiryMilliseconds, Is.EqualTo(vector.Json.GetProperty("expiry").GetInt64()));
        Assert.That(message.Data?.ToArray(), Is.EqualTo(vector.Json.HexOrNull("data_hex")));
    }

    [GeneratedRegex("7:successi1e|7:errcodei(?<code>[0-9]+)e", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Outcome();

    private static MonitorSubscription? SignedCase(string name)
    {
        if (VectorFolder.Load("session", "signatures.json") is not { } file)
            return null;

        var found = file.GetProperty("cases").EnumerateArray().FirstOrDefault(item => item.Text("name") == name && item.Text("kind") == "monitor");
        return found.ValueKind == JsonValueKind.Undefined ? null : SignedRequest.Of(found.GetProperty("request_fields"), isMonitor: true).Subscription;
    }
}
