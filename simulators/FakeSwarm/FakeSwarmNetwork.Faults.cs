using System.Security.Cryptography;
using Sotto.FakeSwarm.Nodes;
using Sotto.FakeSwarm.Wire;

namespace Sotto.FakeSwarm;

/// <summary>What goes wrong in a network, and what changes in it.</summary>
public sealed partial class FakeSwarmNetwork
{
    private readonly Lock _chainGate = new();
    private byte[] _blockHash;
    private long _height = 1_000;

    public long Height
    {
        get
        {
            lock (_chainGate)
                return _height;
        }
    }

    /// <summary>Whether whoever asked for it is told of new blocks; when not, the announcements are lost on their way.</summary>
    public bool AnnouncesBlocks { get; set; } = true;

    /// <summary>A new top block; whoever asked for it is told.</summary>
    public void NextBlock()
    {
        lock (_chainGate)
        {
            _shape = Shape.Of(_nodes);
            _height++;
            _blockHash = Derive($"block {_height}");
            if (!AnnouncesBlocks)
                return;
            foreach (var oxend in _oxends)
            {
                var (height, hash) = (_height, _blockHash);
                _threads[0].Post(() => oxend.NotifyBlock(height, hash));
            }
        }
    }

    /// <summary>Every second node of a swarm goes to a new swarm, half way to the next; then there is a new block.</summary>
    /// <returns>The new swarm's id.</returns>
    public ulong SplitSwarm(ulong swarm)
    {
        var swarms = Swarms;
        var next = swarms.FirstOrDefault(id => id > swarm, swarms[0]);
        var halfway = unchecked(swarm + ((next == swarm ? ulong.MaxValue : next - swarm) / 2)) & ~1UL;
        foreach (var node in _nodes.Where(node => node.Swarm == swarm).Where((_, i) => i % 2 == 1))
            node.Swarm = halfway;
        NextBlock();
        return halfway;
    }

    /// <summary>All nodes of one swarm go to another; then there is a new block.</summary>
    public void MergeSwarms(ulong into, ulong from)
    {
        foreach (var node in _nodes.Where(node => node.Swarm == from))
            node.Swarm = into;
        NextBlock();
    }

    /// <summary>One node goes to a swarm, or with <see cref="NoSwarm"/> to none; then there is a new block.</summary>
    public void MoveNode(FakeNode node, ulong swarm)
    {
        ArgumentNullException.ThrowIfNull(node);
        node.Swarm = swarm;
        NextBlock();
    }

    /// <summary>Down and up again at once, on the same port with the same key; what it was asked to monitor is forgotten.</summary>
    public async Task RestartAsync(FakeNode node)
    {
        await TakeDownAsync(node);
        await BringUpAsync(node);
    }

    public Task TakeDownAsync(FakeNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Listener.CloseAsync();
    }

    public Task BringUpAsync(FakeNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Listener.OpenAsync();
    }

    public Task TakeOxendDownAsync() => Task.WhenAll(_oxends.Select(oxend => oxend.CloseAsync()));

    public Task BringOxendUpAsync() => Task.WhenAll(_oxends.Select(oxend => oxend.OpenAsync()));

    /// <summary>A node sends something hostile to everyone who has asked it for anything.</summary>
    /// <returns>To how many.</returns>
    public int Lie(FakeNode node, LieKind kind)
    {
        ArgumentNullException.ThrowIfNull(node);
        var victims = node.Listener.Subscriptions.Connections();
        foreach (var (routingId, account) in victims)
        {
            _tally.Lied();
            node.Thread.Post(() => node.Listener.Send(routingId, Lies.Tell(kind, account, _options.Clock.GetUtcNow())));
        }

        return victims.Count;
    }

    private Chain Chain()
    {
        lock (_chainGate)
            return new Chain(_height, _blockHash, [.. _nodes.Select(node => node.Listed)]);
    }
}
