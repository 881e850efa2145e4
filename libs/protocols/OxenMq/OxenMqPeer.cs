using Sotto.OxenMq.Engine;

namespace Sotto.OxenMq;

/// <summary>How far the connection to a peer is.</summary>
public enum OxenMqPeerState
{
    /// <summary>Connecting, or connected and waiting for the peer's first <c>HELLO</c>.</summary>
    Connecting,

    /// <summary>The peer has greeted us on the present connection.</summary>
    Connected,

    /// <summary>The connection was lost. libzmq tries again by itself, 250 ms to 5 s apart, until <see cref="OxenMqClient.Disconnect"/>.</summary>
    Lost,

    /// <summary>Closed by us, by the peer's <c>BYE</c> or for want of a <c>HELLO</c>. Final.</summary>
    Closed,
}

/// <summary>Why a peer was given up.</summary>
public enum OxenMqPeerFailure
{
    /// <summary>No connection came about in time.</summary>
    Unreachable,

    /// <summary>Connections came about, but the handshake failed: most likely the peer has another key.</summary>
    HandshakeFailed,

    /// <summary>The handshake succeeded, but no <c>HELLO</c> came: not an OxenMQ listener, or it is overloaded.</summary>
    NoHello,

    /// <summary>The peer said <c>BYE</c>.</summary>
    Goodbye,
}

/// <summary>One remote listener. Made by <see cref="OxenMqClient.Connect"/>; all members are thread-safe.</summary>
public sealed class OxenMqPeer
{
    private int _state;

    internal OxenMqPeer(OxenMqAddress address, object? context)
    {
        Address = address;
        Context = context;
        Connection = new PeerConnection(this);
    }

    /// <summary>Where it is.</summary>
    public OxenMqAddress Address { get; }

    /// <summary>What the caller of <see cref="OxenMqClient.Connect"/> gave to recognise the peer by in callbacks.</summary>
    public object? Context { get; }

    /// <summary>How far the connection is, at this instant.</summary>
    public OxenMqPeerState State
    {
        get => (OxenMqPeerState)Volatile.Read(ref _state);
        internal set => Volatile.Write(ref _state, (int)value);
    }

    internal PeerConnection Connection { get; }

    /// <summary>The endpoint.</summary>
    public override string ToString() => Address.ToString();
}
