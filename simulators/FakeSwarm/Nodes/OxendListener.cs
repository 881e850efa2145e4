using System.Globalization;
using System.Text;
using System.Text.Json;
using Sotto.FakeSwarm.Wire;
using Sotto.FakeSwarm.Zmq;

namespace Sotto.FakeSwarm.Nodes;

/// <summary>An oxend's OxenMQ side: the list of nodes, and news of blocks.</summary>
internal sealed class OxendListener(
    RawContext context, ListenerThread thread, byte[] privateKey, int port, FakeSwarmOptions options, Func<Chain> chain)
    : Listener(context, thread, privateKey, port, options)
{
    // oxenmq section 5.
    private static readonly TimeSpan BlockSubscriptionLifetime = TimeSpan.FromMinutes(30);

    private readonly Dictionary<ByteString, DateTimeOffset> _blockSubscriptions = [];
    private int _requestsForNodes;

    public int RequestsForNodes => Volatile.Read(ref _requestsForNodes);

    /// <summary>On the thread.</summary>
    public void NotifyBlock(long height, byte[] hash)
    {
        var now = Options.Clock.GetUtcNow();
        var heightText = Encoding.ASCII.GetBytes(height.ToString(CultureInfo.InvariantCulture));
        foreach (var (routingId, expiresAt) in _blockSubscriptions)
        {
            if (expiresAt > now)
                Socket?.TrySend(routingId.Bytes, "notify.block"u8.ToArray(), heightText, hash);
        }
    }

    protected override bool Knows(string name) => name is "ping.ping" or "rpc.get_service_nodes" or "sub.block";

    protected override byte[][] Answer(string name, byte[] routingId, byte[][] data) => name switch
    {
        "ping.ping" => ["pong"u8.ToArray()],
        "sub.block" => [SubscribeToBlocks(routingId)],
        _ => GetServiceNodes(data),
    };

    protected override void Forget() => _blockSubscriptions.Clear();

    private byte[] SubscribeToBlocks(byte[] routingId)
    {
        var now = Options.Clock.GetUtcNow();
        var connection = new ByteString(routingId);
        var isRenewal = _blockSubscriptions.TryGetValue(connection, out var expiresAt) && expiresAt > now;
        _blockSubscriptions[connection] = now + BlockSubscriptionLifetime;
        return isRenewal ? "ALREADY"u8.ToArray() : "OK"u8.ToArray();
    }

    private byte[][] GetServiceNodes(byte[][] data)
    {
        Interlocked.Increment(ref _requestsForNodes);
        try
        {
            var asked = NodeListRequest.Read(data is [var json, ..] ? json : "{}"u8);
            return ["200"u8.ToArray(), NodeListJson.Write(asked, chain())];
        }
        catch (JsonException)
        {
            return ["400"u8.ToArray(), "Failed to parse the request"u8.ToArray()];
        }
    }
}
