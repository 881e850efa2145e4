using Sotto.OxenMq.Interop;

namespace Sotto.OxenMq.Engine;

/// <summary>
/// How a peer lives (oxenmq section 3): connecting until its HELLO, connected, lost until libzmq has reconnected, and greeted again. Runs on the I/O
/// thread only. <see cref="Now"/> is read once for each round of the loop.
/// </summary>
internal sealed class PeerLife(RouterSocket curve, RouterSocket plain, OxenMqOptions options, Callbacks callbacks, Tally tally)
{
    // libzmq ends its side of a connection for good when it breaks over what was received (a part too large), and reconnects otherwise. After this
    // long it has made up its mind.
    private static readonly TimeSpan LostCheckDelay = TimeSpan.FromSeconds(1);

    private readonly HashSet<PeerConnection> _connections = [];

    // The last handshake failure, whose DISCONNECTED comes next and says nothing about others at the same endpoint.
    private string? _failedHandshakeAt;

    public long Now { get; private set; }

    private TimeProvider Clock => options.Clock;

    public void ReadClock() => Now = Clock.GetTimestamp();

    public void Open(PeerConnection connection)
    {
        if (connection.Peer.State == OxenMqPeerState.Closed || !_connections.Add(connection))
            return;

        Connect(connection);
    }

    public void Close(PeerConnection connection, OxenMqPeerFailure? failure = null)
    {
        connection.Peer.State = OxenMqPeerState.Closed;
        if (!_connections.Remove(connection))
            return;

        DisconnectSocket(connection);
        connection.FailAll();
        if (failure is { } reason)
            callbacks.Failed(connection.Peer, reason);
    }

    public void CloseAll()
    {
        foreach (PeerConnection connection in _connections)
        {
            connection.Peer.State = OxenMqPeerState.Closed;
            connection.FailAll();
        }

        _connections.Clear();
    }

    public void Send(PeerConnection connection, PendingRequest request)
    {
        if (connection.Peer.State is OxenMqPeerState.Closed or OxenMqPeerState.Lost)
        {
            connection.Release();
            request.Fail(OxenMqFailure.Disconnected);
            return;
        }

        var error = RouterOf(connection).Send(connection, request.Name, request.Tag, request.Parts);
        if (error == 0)
        {
            request.SentAt = Now;
            connection.Add(request);
            return;
        }

        tally.SendRefused();
        connection.Release();
        request.Fail(error == LibZmq.EAGAIN ? OxenMqFailure.Busy : OxenMqFailure.Disconnected);
    }

    public void OnEvent(RouterSocket router, ConnectionEvent what, string endpoint)
    {
        var ofFailedHandshake = string.Equals(_failedHandshakeAt, endpoint, StringComparison.Ordinal);
        _failedHandshakeAt = what == ConnectionEvent.HandshakeFailed ? endpoint : null;
        foreach (PeerConnection connection in router.At(endpoint))
        {
            switch (what)
            {
                case ConnectionEvent.Connected when connection.Handshakes == 0:
                case ConnectionEvent.HandshakeFailed:
                    connection.FailureSoFar = OxenMqPeerFailure.HandshakeFailed;
                    break;
                case ConnectionEvent.HandshakeSucceeded:
                    OnHandshake(connection);
                    break;
                case ConnectionEvent.Disconnected when !ofFailedHandshake:
                    OnDisconnected(connection);
                    break;
            }
        }
    }

    public void OnMessage(RouterSocket router, PeerConnection? connection, ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        if (connection is null)
        {
            tally.MessageIgnored();
            return;
        }

        connection.HeardAt = Now;
        if (connection.Peer.State == OxenMqPeerState.Connected)
            connection.HelloDueAt = null;

        var frame = OxenMqFrame.Parse(parts);
        switch (frame.Kind)
        {
            case OxenMqFrameKind.Command when callbacks.TryCommand(connection.Peer, frame.Subject.Span, frame.Data):
                break;
            case OxenMqFrameKind.Command:
                tally.CommandUnknown();
                if (router.Send(connection, "UNKNOWNCOMMAND"u8, frame.Subject.Span, []) != 0)
                    tally.SendRefused();
                break;
            case OxenMqFrameKind.Reply when connection.TryTakeByTag(frame.Subject.Span, out PendingRequest? request):
                request.Complete(frame.Data);
                break;
            case OxenMqFrameKind.RequestRefused when connection.TryTakeByTag(frame.Subject.Span, out PendingRequest? request):
                request.Fail(OxenMqFailure.Refused, frame.Code);
                break;
            case OxenMqFrameKind.CommandRefused when connection.TryTakeByName(frame.Subject.Span, out PendingRequest? request):
                request.Fail(OxenMqFailure.Refused, frame.Code);
                break;
            case OxenMqFrameKind.Hello:
                OnHello(connection);
                break;
            case OxenMqFrameKind.Bye:
                Close(connection, OxenMqPeerFailure.Goodbye);
                break;
            default:
                tally.MessageIgnored();
                break;
        }
    }

    public void OnTick()
    {
        var requestsSentBefore = Now - Ticks(options.RequestTimeout);
        foreach (PeerConnection connection in _connections.ToArray())
        {
            while (connection.TryTakeSentBefore(requestsSentBefore, out PendingRequest? request))
            {
                request.Fail(OxenMqFailure.Timeout);
                // Perhaps the peer is busy, perhaps it cannot hear us any more: a greeting tells.
                if (connection.HeardAt < request.SentAt && connection.Peer.State == OxenMqPeerState.Connected)
                    connection.HelloDueAt ??= Greet(connection);
            }

            switch (connection.Peer.State)
            {
                case OxenMqPeerState.Connecting when connection.HelloDueAt <= Now:
                    Close(connection, connection.FailureSoFar);
                    break;
                case OxenMqPeerState.Connected when connection.HelloDueAt <= Now:
                    tally.DeafConnection();
                    Reconnect(connection);
                    break;
                case OxenMqPeerState.Connected when Now - connection.HeardAt >= Ticks(options.ProbeInterval):
                    connection.HelloDueAt ??= Greet(connection);
                    break;
                case OxenMqPeerState.Lost when connection.CheckAt <= Now:
                    // If libzmq is still reconnecting this waits in its queue and is a greeting more; if not, the label is unknown to it.
                    connection.CheckAt = null;
                    if (RouterOf(connection).Send(connection, OxenMqWords.Hi) == LibZmq.EHOSTUNREACH)
                        Reconnect(connection);
                    break;
            }
        }
    }

    private void OnHandshake(PeerConnection connection)
    {
        var isFirst = connection.Handshakes++ == 0;
        connection.FailureSoFar = OxenMqPeerFailure.NoHello;
        if (connection.Peer.State == OxenMqPeerState.Lost)
        {
            connection.Peer.State = OxenMqPeerState.Connecting;
            connection.HelloDueAt = Greet(connection);
        }
        else if (connection.Peer.State == OxenMqPeerState.Connecting && !isFirst)
        {
            // The HI that was queued at the connect call went down with an earlier connection.
            _ = Greet(connection);
        }
    }

    private void OnDisconnected(PeerConnection connection)
    {
        var state = connection.Peer.State;
        var wasHere = state == OxenMqPeerState.Connected || (state == OxenMqPeerState.Connecting && connection.WasConnected);
        if (wasHere || connection.Handshakes > 0)
            connection.FailAll();
        if (!wasHere)
            return;

        connection.Peer.State = OxenMqPeerState.Lost;
        connection.HelloDueAt = null;
        connection.CheckAt = Now + Ticks(LostCheckDelay);
        if (state == OxenMqPeerState.Connected)
            callbacks.Disconnected(connection.Peer);
    }

    private void OnHello(PeerConnection connection)
    {
        if (connection.Peer.State != OxenMqPeerState.Connecting)
            return;

        var isReconnect = connection.WasConnected;
        connection.Peer.State = OxenMqPeerState.Connected;
        connection.WasConnected = true;
        connection.HelloDueAt = null;
        callbacks.Connected(connection.Peer, isReconnect);
    }

    // A deaf connection, or one that libzmq has given up: a fresh one takes over at the listener.
    private void Reconnect(PeerConnection connection)
    {
        var tell = connection.Peer.State == OxenMqPeerState.Connected;
        DisconnectSocket(connection);
        connection.FailAll();
        Connect(connection);
        if (tell)
            callbacks.Disconnected(connection.Peer);
    }

    private void DisconnectSocket(PeerConnection connection)
    {
        foreach (PeerConnection neighbour in RouterOf(connection).Disconnect(connection))
        {
            var tell = neighbour.Peer.State == OxenMqPeerState.Connected;
            neighbour.FailAll();
            Connect(neighbour);
            if (tell)
                callbacks.Disconnected(neighbour.Peer);
        }
    }

    private void Connect(PeerConnection connection)
    {
        connection.Peer.State = OxenMqPeerState.Connecting;
        connection.Handshakes = 0;
        connection.FailureSoFar = OxenMqPeerFailure.Unreachable;
        connection.CheckAt = null;
        try
        {
            RouterOf(connection).Connect(connection);
            connection.HelloDueAt = Greet(connection);
        }
        catch (InvalidOperationException)
        {
            // libzmq will not have this address; say so when the peer would have been given up anyway.
            connection.HelloDueAt = Now + Ticks(options.HelloTimeout);
        }
    }

    private long Greet(PeerConnection connection)
    {
        if (RouterOf(connection).Send(connection, OxenMqWords.Hi) != 0)
            tally.SendRefused();
        return Now + Ticks(options.HelloTimeout);
    }

    private RouterSocket RouterOf(PeerConnection connection) => connection.Peer.Address.IsCurve ? curve : plain;

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Clock.TimestampFrequency);
}
