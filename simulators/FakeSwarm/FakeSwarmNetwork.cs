using System.Globalization;
using System.Text;
using Sotto.FakeSwarm.Nodes;
using Sotto.FakeSwarm.Wire;
using Sotto.FakeSwarm.Zmq;
using Sotto.Sodium;

namespace Sotto.FakeSwarm;

/// <summary>
/// A storage network in this process, on real sockets of 127.0.0.1: an oxend, with and without CURVE, and storage nodes in swarms. Thread-safe.
/// </summary>
public sealed partial class FakeSwarmNetwork : IAsyncDisposable
{
    /// <summary>The swarm id of a node that is in no swarm.</summary>
    public const ulong NoSwarm = SwarmSpace.NoSwarm;

    public const int NodesMax = 5_000;

    private const int NodesPerThread = 500;

    // A listener, its monitor, its control sockets: generous.
    private const int SocketsPerNode = 2;

    private readonly FakeSwarmOptions _options;
    private readonly RawContext _context;
    private readonly Tally _tally = new();
    private readonly SessionAccounts _accounts = new();
    private readonly ListenerThread[] _threads;
    private readonly FakeNode[] _nodes;
    private readonly OxendListener[] _oxends;
    private volatile Shape _shape;
    private readonly byte[] _oxendPublicKey = new byte[X25519.KeySize];

    private FakeSwarmNetwork(FakeSwarmOptions options)
    {
        Limits.Require(options.Nodes is >= 0 and <= NodesMax, "A network has at most 5,000 nodes.");
        Limits.Require(options.Swarms > 0, "A network has at least one swarm.");
        Limits.Require(options.VerifyOneIn > 0, "At least some signatures are verified.");
        _options = options;
        _context = new RawContext(1_000 + (SocketsPerNode * options.Nodes));
        _blockHash = Derive("block 0");
        _random = new Random(options.Seed);
        var threads = 1 + ((options.Nodes + NodesPerThread - 1) / NodesPerThread);
        _threads = [.. Enumerable.Range(0, threads).Select(i => new ListenerThread($"swarm {i}", options.Clock))];

        var oxendKey = Derive("oxend");
        X25519.PublicKey(oxendKey, _oxendPublicKey);
        _oxends =
        [
            new OxendListener(_context, _threads[0], [], options.OxendPort, options, Chain),
            new OxendListener(_context, _threads[0], oxendKey, options.OxendCurvePort, options, Chain),
        ];
        var swarms = Enumerable.Range(0, options.Swarms).Select(i => BitConverter.ToUInt64(Derive($"swarm {i}")) & ~1UL).ToArray();
        _nodes = [.. Enumerable.Range(0, options.Nodes).Select(i => MakeNode(i, swarms[i % swarms.Length]))];
        _shape = Shape.Of(_nodes);
    }

    /// <summary><c>tcp://host:port</c>.</summary>
    public string OxendAddress => _oxends[0].Endpoint;

    /// <summary><c>curve://host:port/key</c>.</summary>
    public string OxendCurveAddress =>
        _oxends[1].Endpoint.Replace("tcp://", "curve://", StringComparison.Ordinal) + "/" + Convert.ToHexStringLower(_oxendPublicKey);

    public ReadOnlyMemory<byte> OxendPublicKey => _oxendPublicKey;

    public IReadOnlyList<FakeNode> Nodes => _nodes;

    /// <summary>The ids in use, ascending.</summary>
    public IReadOnlyList<ulong> Swarms => _shape.Swarms;

    public FakeSwarmStatistics Statistics => _tally.Read();

    /// <summary>How often the list of nodes was asked for.</summary>
    public int RequestsForNodes => _oxends.Sum(oxend => oxend.RequestsForNodes);

    /// <summary>Starts and returns when every listener listens.</summary>
    public static async Task<FakeSwarmNetwork> StartAsync(FakeSwarmOptions? options = null)
    {
        var network = new FakeSwarmNetwork(options ?? new FakeSwarmOptions());
        await network.BringOxendUpAsync();
        await Task.WhenAll(network._nodes.Select(node => node.Listener.OpenAsync()));
        return network;
    }

    /// <summary>The swarm that holds an account.</summary>
    public ulong SwarmOf(ReadOnlySpan<byte> account) => SwarmSpace.Choose(account, Swarms);

    /// <summary>The swarm that would hold an account if there were these.</summary>
    /// <param name="account">33 bytes.</param>
    /// <param name="swarms">Distinct ids, ascending.</param>
    public static ulong SwarmOf(ReadOnlySpan<byte> account, IReadOnlyList<ulong> swarms) => SwarmSpace.Choose(account, swarms);

    /// <summary>The nodes that hold an account.</summary>
    public IReadOnlyList<FakeNode> MembersOf(ReadOnlySpan<byte> account)
    {
        var shape = _shape;
        return shape.Members.GetValueOrDefault(SwarmSpace.Choose(account, shape.Swarms)) ?? [];
    }

    /// <summary>Who monitors an account, and at how many of the nodes that hold it.</summary>
    public IReadOnlyList<AccountMonitor> MonitorsOf(byte[] account)
    {
        ArgumentNullException.ThrowIfNull(account);
        var now = _options.Clock.GetUtcNow();
        return [.. MembersOf(account)
            .SelectMany(node => node.Listener.Subscriptions.Of(account, now))
            .GroupBy(entry => new ByteString(entry.RoutingId))
            .Select(group => new AccountMonitor(
                Convert.ToHexStringLower(group.Key.Bytes),
                group.Count(),
                [.. group.SelectMany(entry => entry.Namespaces).Distinct().Order()],
                group.All(entry => entry.WantsData)))];
    }

    /// <summary>Pairs of connection and account that a node notifies of.</summary>
    public int SubscriptionsAt(FakeNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Listener.Subscriptions.Count(_options.Clock.GetUtcNow());
    }

    /// <summary>How many nodes would tell these connections, or without them anybody, of a message of this account: they hold it, are up and not silent, and were asked.</summary>
    public int TellersOf(ReadOnlySpan<byte> account, IReadOnlySet<string>? routingIds = null)
    {
        var now = _options.Clock.GetUtcNow();
        var tellers = 0;
        foreach (var node in MembersOf(account))
        {
            if (!node.IsUp || node.IsSilent)
                continue;
            var asked = node.Listener.Subscriptions.Of(account, now);
            tellers += asked.Exists(entry => routingIds?.Contains(Convert.ToHexStringLower(entry.RoutingId)) != false) ? 1 : 0;
        }

        return tellers;
    }

    /// <summary>
    /// Since when a connection is known for an account at every node that holds it: the last of them counts. Null while one does not know it.
    /// </summary>
    public DateTimeOffset? MonitoredSince(ReadOnlySpan<byte> account)
    {
        var now = _options.Clock.GetUtcNow();
        DateTimeOffset? since = null;
        foreach (var node in MembersOf(account))
        {
            if (node.Listener.Subscriptions.Of(account, now) is not [var entry, ..])
                return null;
            since = since > entry.Since ? since : entry.Since;
        }

        return since;
    }

    /// <summary>Pairs of connection and account at all nodes together, expired ones included.</summary>
    public long SubscriptionsAtAll() => _nodes.Sum(node => (long)node.Listener.Subscriptions.CountOfAll());

    /// <summary>Every node forgets what it was asked, as if the connections of all who asked had been gone for long.</summary>
    public void ForgetSubscriptions()
    {
        foreach (var node in _nodes)
            node.Listener.Subscriptions.Clear();
    }

    public ValueTask DisposeAsync()
    {
        foreach (var thread in _threads)
            thread.Dispose();
        _context.Dispose();
        return ValueTask.CompletedTask;
    }

    private FakeNode MakeNode(int index, ulong swarm)
    {
        var privateKey = Derive($"node {index}");
        var publicKey = new byte[X25519.KeySize];
        X25519.PublicKey(privateKey, publicKey);
        var thread = _threads[1 + (index / NodesPerThread)];
        return new FakeNode(index, publicKey, swarm, new NodeListener(_context, thread, privateKey, _options, _accounts, _tally), thread);
    }

    private byte[] Derive(string purpose)
    {
        var derived = new byte[32];
        Blake2b.Hash(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"FakeSwarm {_options.Seed} {purpose}")), derived);
        return derived;
    }
}

/// <summary>The swarms at one instant, and who is in them; made anew when that changes, since every message asks.</summary>
internal sealed record Shape(IReadOnlyList<ulong> Swarms, IReadOnlyDictionary<ulong, FakeNode[]> Members)
{
    public static Shape Of(IEnumerable<FakeNode> nodes)
    {
        var members = nodes.Where(node => node.Swarm != FakeSwarmNetwork.NoSwarm).GroupBy(node => node.Swarm).ToDictionary(swarm => swarm.Key, swarm => swarm.ToArray());
        return new Shape([.. members.Keys.Order()], members);
    }
}

/// <param name="RoutingId">Hex of the connection's routing id: 4c and the client's public key.</param>
/// <param name="Nodes">At how many of the account's nodes it is known.</param>
/// <param name="Namespaces">All that it asked for, ascending.</param>
/// <param name="WantsData">Whether it asked for bodies, at all those nodes.</param>
public sealed record AccountMonitor(string RoutingId, int Nodes, IReadOnlyList<short> Namespaces, bool WantsData);
