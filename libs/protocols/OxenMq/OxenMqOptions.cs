namespace Sotto.OxenMq;

/// <summary>Receives a command that a peer sent by itself. Called on the I/O thread: it must not block.</summary>
/// <param name="peer">Who sent it.</param>
/// <param name="parts">Its data parts, without the name; owned by the receiver. Content is hostile: any peer can send anything.</param>
public delegate void OxenMqCommandHandler(OxenMqPeer peer, IReadOnlyList<ReadOnlyMemory<byte>> parts);

/// <summary>What an <see cref="OxenMqClient"/> is made of. Numbers without a source are from the reference library (oxenmq section 1).</summary>
/// <remarks>
/// The callbacks run one after the other on the client's I/O thread, in the order of the events. They must return quickly, since nothing is read
/// meanwhile; what they throw is caught and counted in <see cref="OxenMqCounters.CallbackFailures"/>.
/// </remarks>
public sealed record OxenMqOptions
{
    /// <summary>Our key pair, and so our routing id. No two processes may share it: a listener hands over to the newest and deafens the other.</summary>
    public required OxenMqKeyPair Keys { get; init; }

    /// <summary>The largest message part that is received, in bytes; a peer that sends more is disconnected. Default 10 MiB.</summary>
    public long PartBytesMax { get; init; } = 10 * 1024 * 1024;

    /// <summary>How long a peer may take from connect, or from the end of a reconnect's handshake, to its <c>HELLO</c>. Default 10 s.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a request waits for its reply. Default 15 s; checked every 250 ms.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// After this long without a sound from a peer it is greeted again; no answer within <see cref="HelloTimeout"/> means that its connection is
    /// deaf, and it is made anew. Default 60 s: heartbeats (15 s) see dead connections, this one sees those that another process took over.
    /// </summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a silent connection is pinged by libzmq. Default 15 s.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long libzmq waits for the answer before it reconnects. Default 30 s.</summary>
    public TimeSpan HeartbeatTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Requests in flight to one peer; more are refused as <see cref="OxenMqFailure.Busy"/>. Default 32: a listener drops silently beyond 200.
    /// </summary>
    public int RequestsInFlightMax { get; init; } = 32;

    /// <summary>The clock of all time-outs. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// The commands that we serve, by full name such as <c>notify.message</c>; others are answered <c>UNKNOWNCOMMAND</c>. Read once, at construction.
    /// </summary>
    public IReadOnlyDictionary<string, OxenMqCommandHandler> Commands { get; init; } =
        new Dictionary<string, OxenMqCommandHandler>(StringComparer.Ordinal);

    /// <summary>
    /// A peer said <c>HELLO</c>: the first time (false), or anew after a lost or deaf connection (true), when it may have forgotten all that was
    /// asked of it.
    /// </summary>
    public Action<OxenMqPeer, bool>? PeerConnected { get; init; }

    /// <summary>A connection was lost. Requests in flight have failed; libzmq is trying to reconnect.</summary>
    public Action<OxenMqPeer>? PeerDisconnected { get; init; }

    /// <summary>A peer was given up and closed, for the reason given. Nothing more will be heard of it.</summary>
    public Action<OxenMqPeer, OxenMqPeerFailure>? PeerFailed { get; init; }
}
