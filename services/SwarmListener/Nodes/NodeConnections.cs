using Sotto.OxenMq;
using Sotto.Session;
using SwarmListener.Hearing;
using SwarmListener.Monitoring;

namespace SwarmListener.Nodes;

/// <summary>
/// The connections to the service nodes of oxend's list: makes those that are needed, a bounded number at a time, and ends the others.
/// </summary>
/// <remarks>
/// Not thread-safe: belongs to the monitor loop; <see cref="Count"/>, <see cref="Connected"/> and <see cref="Pending"/> may be read by anyone.
/// </remarks>
internal sealed class NodeConnections(
    SwarmSettings settings, SwarmNetwork network, MonitorSchedule schedule, Audience audience, TimeProvider clock, ListenerMetrics metrics,
    ILogger<NodeConnections> logger)
{
    /// <summary>A node that loses its connection again and again is told everything no more often than this; it would cost the others their turn.</summary>
    public static readonly TimeSpan TellPause = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, NodeConnection> _nodes = new(StringComparer.Ordinal);
    private readonly List<NodeConnection> _toTell = [];
    private string? _blockHash;

    /// <summary>Every node of the list.</summary>
    public IReadOnlyCollection<NodeConnection> All => _nodes.Values;

    /// <summary>Nodes in the list.</summary>
    public int Count { get; private set; }

    /// <summary>Nodes that listen to us.</summary>
    public int Connected { get; private set; }

    /// <summary>Attempts on their way.</summary>
    public int Pending { get; private set; }

    /// <summary>Takes over a list from oxend (session-v2 section 5.3).</summary>
    public void Apply(ServiceNodeList list)
    {
        Forget(list);
        foreach (var listed in list.Nodes)
            Meet(listed);

        var map = schedule.Map;
        if (!string.Equals(list.BlockHash, _blockHash, StringComparison.Ordinal))
        {
            var next = new SwarmMap(list.SwarmIds);
            if (!next.Ids.SequenceEqual(map.Ids))
            {
                map = next;
                audience.Arrange(map, clock.GetUtcNow());
                logger.SwarmsChanged(map.Ids.Length, list.Nodes.Count, list.Height);
            }
        }

        _blockHash = list.BlockHash;
        Count = _nodes.Count;
        schedule.Arrange(map, [.. _nodes.Values.Select(node => (node.Queue, node.Swarms.Current))]);
        ConnectNeeded();
    }

    /// <summary>Connects to needed nodes whose time has come, as far as the bound allows, and disconnects those no longer needed.</summary>
    public void ConnectNeeded()
    {
        var now = clock.GetUtcNow();
        foreach (var node in _nodes.Values)
        {
            var isNeeded = settings.ConnectToAll || schedule.Needed.Contains(node.Swarms.Current);
            if (!isNeeded)
                Disconnect(node);
            else if (node.State == NodeState.Idle && node.NextAttempt <= now && Pending < settings.ConnectsMax)
                Connect(node);
        }
    }

    /// <summary>Learns from the I/O thread what became of a connection; news of a connection that was given up meanwhile is ignored.</summary>
    public void Learn(NodeNews news)
    {
        var (node, peer, change) = news;
        if (!ReferenceEquals(node.Peer, peer))
            return;
        var wasAtBound = Pending >= settings.ConnectsMax;
        switch (change)
        {
            case NodeChange.Connected:
                Enter(node, NodeState.Connected);
                node.Failures = 0;
                node.TellAt = node.ToldAt + TellPause;
                _toTell.Add(node);
                break;
            case NodeChange.Reconnected:
                metrics.Reconnected();
                goto case NodeChange.Connected;
            case NodeChange.Lost:
                Enter(node, NodeState.Lost);
                break;
            default:
                node.NextAttempt = clock.GetUtcNow() + ConnectBackoff.After(++node.Failures);
                metrics.ConnectFailed();
                node.Peer = null;
                Enter(node, NodeState.Idle);
                break;
        }

        if (wasAtBound)
            ConnectNeeded();
    }

    /// <summary>Has the nodes told everything that have connected since they were told last.</summary>
    public void TellConnected()
    {
        if (_toTell.Count == 0)
            return;
        var now = clock.GetUtcNow();
        foreach (var node in _toTell.Where(node => node.TellAt <= now))
        {
            (node.ToldAt, node.TellAt) = (now, null);
            schedule.Connected(node.Queue);
        }

        _toTell.RemoveAll(node => node.TellAt is null);
    }

    // A node that is listed without an address, as many are for a while after oxend started, has not left.
    private void Forget(ServiceNodeList list)
    {
        if (list.UnnamedNodes > 0)
            return;
        var listed = list.Nodes.Select(KeyOf).Concat(list.NodesWithoutAddress.Select(Convert.ToHexString)).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _nodes.Keys.Where(key => !listed.Contains(key)).ToList())
        {
            Disconnect(_nodes[gone]);
            _nodes.Remove(gone);
        }
    }

    private void Meet(ServiceNode listed)
    {
        if (!_nodes.TryGetValue(KeyOf(listed), out var node))
        {
            _nodes.Add(KeyOf(listed), new NodeConnection(listed));
            return;
        }

        if (!string.Equals(node.Listed.Host, listed.Host, StringComparison.Ordinal) || node.Listed.Port != listed.Port)
        {
            Disconnect(node);
            (node.Failures, node.NextAttempt) = (0, default);
        }

        if (node.Swarms.Current != listed.SwarmId)
            node.Swarms = node.Swarms.Then(listed.SwarmId, clock.GetUtcNow() + Audience.Memory);
        node.Listed = listed;
    }

    private void Connect(NodeConnection node)
    {
        try
        {
            node.Peer = network.Client.Connect(OxenMqAddress.Curve(node.Listed.Host, node.Listed.Port, node.Listed.PublicKey), node);
            Enter(node, NodeState.Connecting);
        }
        catch (FormatException)
        {
            // Whatever this address is, it is nothing to connect to. The next list may name another.
            node.NextAttempt = clock.GetUtcNow() + ConnectBackoff.After(++node.Failures);
        }
    }

    private void Disconnect(NodeConnection node)
    {
        if (node.Peer is not { } peer)
            return;
        node.Peer = null;
        Enter(node, NodeState.Idle);
        network.Client.Disconnect(peer);
    }

    private void Enter(NodeConnection node, NodeState state)
    {
        Tally(node.State, -1);
        Tally(state, 1);
        node.State = state;
        if (state == NodeState.Connected)
            return;
        node.TellAt = null;
        node.Queue.Disconnect();
    }

    private void Tally(NodeState state, int by)
    {
        if (state == NodeState.Connected)
            Connected += by;
        if (state == NodeState.Connecting)
            Pending += by;
    }

    private static string KeyOf(ServiceNode node) => Convert.ToHexString(node.PublicKey);
}

/// <summary>What became of a connection.</summary>
internal enum NodeChange
{
    /// <summary>It was made.</summary>
    Connected,

    /// <summary>It was lost and is there again; the node has forgotten what it was told.</summary>
    Reconnected,

    /// <summary>It was lost; libzmq tries again by itself.</summary>
    Lost,

    /// <summary>It was given up.</summary>
    Failed,
}

/// <summary>News of one connection, from the I/O thread.</summary>
internal readonly record struct NodeNews(NodeConnection Node, OxenMqPeer Peer, NodeChange Change);
