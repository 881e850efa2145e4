using Sotto.OxenMq;
using Sotto.Session;
using SwarmListener.Hearing;
using SwarmListener.Monitoring;

namespace SwarmListener.Nodes;

/// <summary>How far we are with one service node.</summary>
internal enum NodeState
{
    /// <summary>Not connected: not needed, or waiting for the next try.</summary>
    Idle,

    /// <summary>On its way.</summary>
    Connecting,

    /// <summary>It has greeted us.</summary>
    Connected,

    /// <summary>It was connected; libzmq is trying again by itself.</summary>
    Lost,
}

/// <summary>One service node: where it is, how far we are with it, and what it must still be told.</summary>
/// <remarks>Belongs to the monitor loop, except <see cref="Swarms"/>, which the I/O thread reads.</remarks>
internal sealed class NodeConnection(ServiceNode listed)
{
    private Recent<ulong> _swarms = new(listed.SwarmId);

    /// <summary>As oxend listed it last.</summary>
    public ServiceNode Listed { get; set; } = listed;

    /// <summary>Its swarm, and those it was in.</summary>
    public Recent<ulong> Swarms
    {
        get => Volatile.Read(ref _swarms);
        set => Volatile.Write(ref _swarms, value);
    }

    /// <summary>What it must still be told.</summary>
    public MonitorQueue Queue { get; } = new();

    /// <summary>The connection, unless idle.</summary>
    public OxenMqPeer? Peer { get; set; }

    public NodeState State { get; set; }

    /// <summary>When it was told everything last; and when it is to be, if that is still to come.</summary>
    public DateTimeOffset ToldAt { get; set; }

    /// <inheritdoc cref="ToldAt"/>
    public DateTimeOffset? TellAt { get; set; }

    /// <summary>What this node's messages take up of the room in which messages wait for the broker.</summary>
    public NodeRoom Room { get; } = new();

    /// <summary>Attempts that failed in a row.</summary>
    public int Failures { get; set; }

    /// <summary>No attempt before this instant.</summary>
    public DateTimeOffset NextAttempt { get; set; }
}
