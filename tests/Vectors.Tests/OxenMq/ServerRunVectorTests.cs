using System.Text.Json;
using Sotto.OxenMq;
using Sotto.Session;
using Sotto.TestSupport;
using Vectors.Tests.Session;

namespace Vectors.Tests.OxenMq;

/// <summary>A whole run of the reference push server, read from our side of each wire.</summary>
public sealed class ServerRunVectorTests
{
    private const string File = "hivemind-session.json";

    private static IEnumerable<TestCaseData> FromNetwork => Entries(
        "frames from oxend and nodes", entry => entry.Text("dir") == "sends" && IsNetwork(entry));

    private static IEnumerable<TestCaseData> Monitors => Entries("monitor.messages", entry => IsNamed(entry, "receives", NetworkCommand.MonitorMessages));

    private static IEnumerable<TestCaseData> NodeListRequests => Entries(
        "rpc.get_service_nodes", entry => IsNamed(entry, "receives", NetworkCommand.GetServiceNodes));

    private static IEnumerable<TestCaseData> Subscribes => Entries(
        "push.subscribe", entry => IsNamed(entry, "sends", "push.subscribe") || IsNamed(entry, "sends", "push.unsubscribe"));

    [TestCaseSource(nameof(FromNetwork))]
    public void A_frame_from_the_network_is_told_for_what_it_is(VectorCase vector)
    {
        var frame = FrameVectorTests.AssertTold(vector.Json.HexList("parts"));

        if (frame is { Kind: OxenMqFrameKind.Command, Name: NetworkCommand.NotifyMessage })
            Assert.That(NotifyMessage.TryParse(frame.Data[0], out _), Is.True);
    }

    [TestCaseSource(nameof(Monitors))]
    public void A_monitor_request_is_written_alike_and_goes_to_the_account_s_swarm(VectorCase vector)
    {
        var request = vector.Json.HexList("parts")[2];
        var subscriptions = WireSubscription.Read(request)!;
        var nodes = vector.Root.GetProperty("nodes").EnumerateArray().ToArray();
        var map = new SwarmMap(nodes.Select(SwarmIdOf));
        var swarm = SwarmIdOf(nodes[int.Parse(vector.Json.Text("at")["sn".Length..], System.Globalization.CultureInfo.InvariantCulture)]);

        Assert.That(WireSubscription.Write(subscriptions, asList: request[0] == (byte)'l'), Is.EqualTo(request));
        foreach (var one in subscriptions)
        {
            var text = SignedText.Monitor(one.Account, one.SignedAtSeconds, one.WantsData, one.Namespaces);
            Assert.That(
                SubscriptionSignature.Verify(one.Account, one.SessionEd25519, one.SubaccountToken, one.SubaccountSignature, text, one.Signature), Is.Null);
            Assert.That(map.SwarmOf(one.Account), Is.EqualTo(swarm));
        }
    }

    [TestCaseSource(nameof(NodeListRequests))]
    public void The_node_list_is_asked_for_alike_and_read(VectorCase vector)
    {
        var request = vector.Json.HexList("parts");
        using var theirs = JsonDocument.Parse(request[2]);
        using var ours = JsonDocument.Parse(ServiceNodeList.Request);
        var reply = ReplyTo(vector, request[1], "sends");

        Assert.That(JsonElement.DeepEquals(theirs.RootElement, ours.RootElement), Is.True);
        Assert.That(ServiceNodeList.TryParseReply([.. reply[2..].Select(part => new ReadOnlyMemory<byte>(part))], out var list), Is.True);
        Assert.That(
            list!.Nodes.Select(node => (Convert.ToHexStringLower(node.PublicKey), node.Host, node.Port, node.SwarmId)),
            Is.EquivalentTo(vector.Root.GetProperty("nodes").EnumerateArray().Select(node =>
                (node.Text("pubkey_x25519"), node.Text("public_ip"), node.GetProperty("storage_lmq_port").GetInt32(), SwarmIdOf(node)))));
    }

    [TestCaseSource(nameof(Subscribes))]
    public void A_client_that_the_reference_believed_is_believed(VectorCase vector)
    {
        var request = vector.Json.HexList("parts");
        using var answer = JsonDocument.Parse(ReplyTo(vector, request[1], "receives")[2]);
        JsonElement[] answers = answer.RootElement.ValueKind == JsonValueKind.Array ? [.. answer.RootElement.EnumerateArray()] : [answer.RootElement];
        var isMonitor = request[0].AsSpan().SequenceEqual("push.subscribe"u8);
        for (var i = 0; i < answers.Length; i++)
        {
            if (!answers[i].TryGetProperty("success", out _))
                continue;

            using var asked = JsonDocument.Parse(request[2]);
            var fields = asked.RootElement.ValueKind == JsonValueKind.Array ? asked.RootElement[i] : asked.RootElement;
            Assert.That(SignedRequest.Of(fields, isMonitor).VerifySignature(), Is.Null);
        }
    }

    private static byte[][] ReplyTo(VectorCase vector, byte[] tag, string direction) => vector.Root.GetProperty("log").EnumerateArray()
        .Where(entry => IsNamed(entry, direction, "REPLY")).Select(entry => entry.HexList("parts")).First(parts => parts[1].AsSpan().SequenceEqual(tag));

    private static IEnumerable<TestCaseData> Entries(string what, Func<JsonElement, bool> isWanted) =>
        VectorFolder.Cases("oxenmq", File, what, root => root.GetProperty("log").EnumerateArray().Where(isWanted));

    private static bool IsNetwork(JsonElement entry) => entry.Text("at") == "oxend" || entry.Text("at").StartsWith("sn", StringComparison.Ordinal);

    private static bool IsNamed(JsonElement entry, string direction, string name) =>
        entry.Text("dir") == direction && entry.HexList("parts")[0].AsSpan().SequenceEqual(System.Text.Encoding.ASCII.GetBytes(name));

    private static ulong SwarmIdOf(JsonElement node) => node.GetProperty("swarm_id").GetUInt64();
}
