using Sotto.FakeSwarm;
using Sotto.OxenMq;

namespace Sotto.Bench.Swarm;

/// <summary>The limit of a listener: the same connections and the same accounts, and whatever a node tells is counted and forgotten.</summary>
internal sealed class BareListener : IDisposable
{
    private const int ConnectsMax = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly OxenMqClient _client;
    private readonly SemaphoreSlim _connecting = new(ConnectsMax, ConnectsMax);
    private long _heard;

    private BareListener() => _client = new OxenMqClient(new OxenMqOptions
    {
        Keys = OxenMqKeyPair.Generate(),
        PeerConnected = (peer, _) => ((TaskCompletionSource)peer.Context!).TrySetResult(),
        Commands = new Dictionary<string, OxenMqCommandHandler>(StringComparer.Ordinal) { ["notify.message"] = (_, _) => Interlocked.Increment(ref _heard) },
    });

    /// <summary>Notifications so far.</summary>
    public long Heard => Interlocked.Read(ref _heard);

    /// <summary>Connects to all nodes and asks each about the accounts of its swarm.</summary>
    public static async Task<BareListener> StartAsync(FakeSwarmNetwork network, int accounts, CancellationToken cancellation)
    {
        var listener = new BareListener();
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var requests = Enumerable.Range(0, accounts).Select(number => ListenerRows.Make(number, now)).ToLookup(row => network.SwarmOf(row.Account.Bytes), row => row.Request);
        await Task.WhenAll(network.Nodes.Select(node => listener.AskAsync(node, [(byte)'l', .. requests[node.Swarm].SelectMany(request => request), (byte)'e'], cancellation)));
        return listener;
    }

    public void Dispose()
    {
        _client.Dispose();
        _connecting.Dispose();
    }

    private async Task AskAsync(FakeNode node, byte[] request, CancellationToken cancellation)
    {
        await _connecting.WaitAsync(cancellation);
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var peer = _client.Connect(OxenMqAddress.Curve("127.0.0.1", node.Port, node.PublicKey.Span), connected);
        await connected.Task.WaitAsync(Patience, TimeProvider.System, cancellation);
        _connecting.Release();
        await _client.RequestAsync(peer, "monitor.messages", [request], cancellation);
    }
}
