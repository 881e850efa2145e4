using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Sotto.FakeSwarm;
using Sotto.OxenMq;
using Sotto.Sodium;
using Sotto.TestSupport;

namespace OxenMq.Tests;

/// <summary>The client against a whole simulated network.</summary>
public sealed class NetworkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task Three_hundred_peers_are_greeted_asked_and_heard_through_one_socket()
    {
        await using var network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = 300, Swarms = 3 });
        using var subscriber = new Subscriber();
        var account = new TestAccount();

        await subscriber.ConnectAsync(network.Nodes);
        var members = network.MembersOf(account.Id);
        Assert.That(await subscriber.MonitorAsync(members, account), Is.All.EqualTo("d7:successi1ee"));
        var stored = network.Store(account.Id, 0, "x"u8.ToArray());

        Assert.That(stored.Copies, Is.EqualTo(members.Count));
        await Eventually.BecomesTrueAsync(() => subscriber.Received == members.Count, Patience);
    }

    [Test]
    public async Task A_restarted_node_is_told_again_by_whoever_listens_to_the_reconnect()
    {
        await using var network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = 3, Swarms = 1 });
        using var subscriber = new Subscriber();
        var account = new TestAccount();
        await subscriber.ConnectAsync(network.Nodes);
        await subscriber.MonitorAsync(network.Nodes, account);

        foreach (var node in network.Nodes)
            await network.RestartAsync(node);
        await Eventually.BecomesTrueAsync(() => subscriber.Reconnects == 3, Patience);
        await subscriber.MonitorAsync(network.Nodes, account);

        Assert.That(network.Store(account.Id, 0, []).Copies, Is.EqualTo(3));
        await Eventually.BecomesTrueAsync(() => subscriber.Received == 3, Patience);
    }

    [Test]
    public async Task A_network_of_liars_does_not_stop_the_client()
    {
        await using var network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = 2, Swarms = 1 });
        using var subscriber = new Subscriber();
        var account = new TestAccount();
        await subscriber.ConnectAsync(network.Nodes);
        await subscriber.MonitorAsync(network.Nodes, account);

        // Those that cost the connection come last, and only from the first node.
        foreach (var lie in Enum.GetValues<LieKind>().Except([LieKind.Goodbye, LieKind.OversizePart]))
            network.Lie(network.Nodes[0], lie);
        network.Lie(network.Nodes[0], LieKind.OversizePart);
        await Eventually.BecomesTrueAsync(() => subscriber.Reconnects == 1, Patience);
        network.Lie(network.Nodes[0], LieKind.Goodbye);
        await Eventually.BecomesTrueAsync(() => subscriber.Peer(network.Nodes[0]).State == OxenMqPeerState.Closed, Patience);

        Assert.That(subscriber.Peer(network.Nodes[1]).State, Is.EqualTo(OxenMqPeerState.Connected));
        Assert.That(subscriber.Client.Counters.CommandsUnknown, Is.EqualTo(1));
        Assert.That(subscriber.Client.Counters.CallbackFailures, Is.Zero);
    }

    [Test]
    public async Task A_silent_node_is_taken_for_deaf_and_then_given_up()
    {
        await using var network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = 2, Swarms = 1 });
        using var subscriber = new Subscriber(probe: TimeSpan.FromMilliseconds(500), hello: TimeSpan.FromSeconds(2));
        await subscriber.ConnectAsync(network.Nodes);

        network.Nodes[0].IsSilent = true;

        await Eventually.BecomesTrueAsync(() => subscriber.Peer(network.Nodes[0]).State == OxenMqPeerState.Closed, Patience);
        Assert.That(subscriber.Failures.Single(), Is.EqualTo(OxenMqPeerFailure.NoHello));
        Assert.That(subscriber.Client.Counters.DeafConnections, Is.EqualTo(1));
        Assert.That(subscriber.Peer(network.Nodes[1]).State, Is.EqualTo(OxenMqPeerState.Connected));
    }

    /// <summary>An account of its own, and the request that its owner signed.</summary>
    private sealed class TestAccount
    {
        private readonly byte[] _publicKey = new byte[32];
        private readonly byte[] _secretKey = new byte[64];

        public TestAccount()
        {
            Span<byte> seed = stackalloc byte[32];
            RandomSource.Fill(seed);
            Ed25519.KeyPairFromSeed(seed, _publicKey, _secretKey);
            Id = [0x05, .. new byte[32]];
            Ed25519.TryToX25519(_publicKey, Id.AsSpan(1));
        }

        public byte[] Id { get; }

        public byte[] Monitor()
        {
            var seconds = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
            var signature = new byte[64];
            var text = string.Create(CultureInfo.InvariantCulture, $"MONITOR{Convert.ToHexStringLower(Id)}{seconds}10");
            Ed25519.Sign(Encoding.ASCII.GetBytes(text), _secretKey, signature);
            return
            [
                .. "d1:P32:"u8, .. _publicKey, .. "1:di1e1:nli0ee1:s64:"u8, .. signature,
                .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"1:ti{seconds}ee")),
            ];
        }
    }

    /// <summary>The client, its peers, and what it heard.</summary>
    private sealed class Subscriber : IDisposable
    {
        private readonly ConcurrentDictionary<FakeNode, OxenMqPeer> _peers = new();
        private int _received;
        private int _reconnects;

        public Subscriber(TimeSpan? probe = null, TimeSpan? hello = null)
        {
            var options = new OxenMqOptions
            {
                Keys = OxenMqKeyPair.Generate(),
                PeerConnected = (_, isReconnect) => Interlocked.Add(ref _reconnects, isReconnect ? 1 : 0),
                PeerFailed = (_, failure) => Failures.Enqueue(failure),
                Commands = new Dictionary<string, OxenMqCommandHandler>(StringComparer.Ordinal)
                {
                    ["notify.message"] = (_, _) => Interlocked.Increment(ref _received),
                },
            };
            Client = new OxenMqClient(options with { ProbeInterval = probe ?? options.ProbeInterval, HelloTimeout = hello ?? options.HelloTimeout });
        }

        public OxenMqClient Client { get; }

        public ConcurrentQueue<OxenMqPeerFailure> Failures { get; } = new();

        public int Received => Volatile.Read(ref _received);

        public int Reconnects => Volatile.Read(ref _reconnects);

        public OxenMqPeer Peer(FakeNode node) => _peers[node];

        public Task ConnectAsync(IReadOnlyList<FakeNode> nodes)
        {
            foreach (var node in nodes)
                _peers[node] = Client.Connect(OxenMqAddress.Curve("127.0.0.1", node.Port, node.PublicKey.Span));
            return Eventually.BecomesTrueAsync(() => _peers.Values.All(peer => peer.State == OxenMqPeerState.Connected), Patience);
        }

        public async Task<string[]> MonitorAsync(IReadOnlyList<FakeNode> nodes, TestAccount account)
        {
            var replies = await Task.WhenAll(nodes.Select(node => Client.RequestAsync(_peers[node], "monitor.messages", [account.Monitor()])));
            return [.. replies.Select(parts => Encoding.Latin1.GetString(parts.Single().Span))];
        }

        public void Dispose() => Client.Dispose();
    }
}
