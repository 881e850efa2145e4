using System.Buffers.Binary;
using Sotto.OxenMq.Interop;

namespace Sotto.OxenMq.Engine;

/// <summary>
/// One ROUTER that is the client of many listeners (oxenmq section 1.4): each connect captures the listener's key and a label of ours, and messages
/// go and come under that label.
/// </summary>
internal sealed class RouterSocket : IDisposable
{
    // oxenmq section 1, in milliseconds.
    private const int ReconnectInterval = 250;
    private const int ReconnectIntervalMax = 5_000;
    private const int HandshakeInterval = 10_000;

    // ZMTP 3.1, MESSAGE of CURVE: its name (8), nonce (8), tag (16) and flags (1). libzmq holds its limit against the encrypted part.
    private const int CurveOverhead = 33;

    // 'P' and a counter: libzmq keeps ids that begin with a zero for itself.
    private const int LabelSize = 1 + sizeof(ulong);
    private const byte LabelPrefix = (byte)'P';

    // Ours to the listeners: 'L' and the public key (section 1.2).
    private const byte RoutingIdPrefix = (byte)'L';

    private readonly ZmqSocket _socket;
    private readonly Dictionary<ulong, PeerConnection> _byLabel = [];
    private readonly Dictionary<string, List<PeerConnection>> _byEndpoint = new(StringComparer.Ordinal);
    private ulong _lastLabel;

    public RouterSocket(ZmqContext context, OxenMqOptions options, bool isCurve)
    {
        _socket = new ZmqSocket(context, LibZmq.ZMQ_ROUTER);
        _socket.Set(LibZmq.ZMQ_ROUTING_ID, (byte[])[RoutingIdPrefix, .. options.Keys.PublicKey.Span]);
        if (isCurve)
        {
            _socket.Set(LibZmq.ZMQ_CURVE_PUBLICKEY, options.Keys.PublicKey.Span);
            _socket.Set(LibZmq.ZMQ_CURVE_SECRETKEY, options.Keys.PrivateKey.Span);
        }

        _socket.Set(LibZmq.ZMQ_ROUTER_MANDATORY, 1);
        // A limit together with heartbeats and a reader that pauses aborts the process (section 1.5).
        _socket.Set(LibZmq.ZMQ_RCVHWM, 0);
        _socket.Set(LibZmq.ZMQ_MAXMSGSIZE, options.PartBytesMax + (isCurve ? CurveOverhead : 0));
        _socket.Set(LibZmq.ZMQ_RECONNECT_IVL, ReconnectInterval);
        _socket.Set(LibZmq.ZMQ_RECONNECT_IVL_MAX, ReconnectIntervalMax);
        _socket.Set(LibZmq.ZMQ_HANDSHAKE_IVL, HandshakeInterval);
        _socket.Set(LibZmq.ZMQ_HEARTBEAT_IVL, (int)options.HeartbeatInterval.TotalMilliseconds);
        _socket.Set(LibZmq.ZMQ_HEARTBEAT_TIMEOUT, (int)options.HeartbeatTimeout.TotalMilliseconds);
        _socket.Set(LibZmq.ZMQ_LINGER, 0);
        Monitor = new SocketMonitor(context, _socket, isCurve ? "curve" : "plain");
    }

    public SocketMonitor Monitor { get; }

    public nint Pointer => _socket.Pointer;

    public void Connect(PeerConnection connection)
    {
        var address = connection.Peer.Address;
        if (address.IsCurve)
            _socket.Set(LibZmq.ZMQ_CURVE_SERVERKEY, address.PublicKey.Span);

        connection.Label = ++_lastLabel;
        Span<byte> label = stackalloc byte[LabelSize];
        WriteLabel(connection.Label, label);
        _socket.Set(LibZmq.ZMQ_CONNECT_ROUTING_ID, label);
        _socket.Connect(address.Endpoint);

        _byLabel.Add(connection.Label, connection);
        if (!_byEndpoint.TryGetValue(address.Endpoint, out List<PeerConnection>? neighbours))
            _byEndpoint.Add(address.Endpoint, neighbours = []);
        neighbours.Add(connection);
    }

    /// <returns>Others that lost their connection by this: libzmq disconnects by endpoint, and they have the same one under another key.</returns>
    public IReadOnlyList<PeerConnection> Disconnect(PeerConnection connection)
    {
        var endpoint = connection.Peer.Address.Endpoint;
        if (!_byLabel.Remove(connection.Label) || !_byEndpoint.Remove(endpoint, out List<PeerConnection>? neighbours))
            return [];

        _ = LibZmq.zmq_disconnect(_socket, endpoint);
        neighbours.Remove(connection);
        foreach (PeerConnection neighbour in neighbours)
            _byLabel.Remove(neighbour.Label);
        return neighbours;
    }

    /// <returns>Zero; <c>EHOSTUNREACH</c> if libzmq knows the label no longer, <c>EAGAIN</c> if its queue is full.</returns>
    public int Send(PeerConnection connection, ReadOnlySpan<byte> word)
    {
        var error = SendLabel(connection);
        return error != 0 ? error : _socket.Send(word, isLast: true);
    }

    /// <inheritdoc cref="Send(PeerConnection, ReadOnlySpan{byte})"/>
    public int Send(PeerConnection connection, ReadOnlySpan<byte> word, ReadOnlySpan<byte> subject, IReadOnlyList<ReadOnlyMemory<byte>> data)
    {
        // Once the label is taken the other parts are, too.
        var error = SendLabel(connection);
        if (error == 0)
            error = _socket.Send(word, isLast: false);
        if (error == 0)
            error = _socket.Send(subject, isLast: data.Count == 0);
        for (var i = 0; i < data.Count && error == 0; i++)
            error = _socket.Send(data[i].Span, isLast: i == data.Count - 1);
        return error;
    }

    /// <returns>False if nothing is waiting. The connection is null if the message is from one that was closed.</returns>
    public bool TryReceive(MessageReader reader, out PeerConnection? connection)
    {
        connection = null;
        if (!reader.TryReceive(_socket))
            return false;

        var label = reader.Parts[0].Span;
        if (label.Length == LabelSize && label[0] == LabelPrefix)
            _byLabel.TryGetValue(BinaryPrimitives.ReadUInt64BigEndian(label[1..]), out connection);
        return true;
    }

    /// <summary>Those whom a monitor event may concern.</summary>
    public IReadOnlyList<PeerConnection> At(string endpoint)
    {
        if (_byEndpoint.TryGetValue(endpoint, out List<PeerConnection>? exact))
            return [.. exact];

        // libzmq names the endpoint as it was given until it first reconnects, and then by the resolved address: a host name is found by its port.
        var port = endpoint[Math.Max(0, endpoint.LastIndexOf(':'))..];
        return [.. _byLabel.Values
            .Where(connection => connection.Peer.Address is { IsNamed: true } address && address.Endpoint.EndsWith(port, StringComparison.Ordinal))];
    }

    public void Dispose()
    {
        Monitor.Dispose();
        _socket.Dispose();
    }

    private int SendLabel(PeerConnection connection)
    {
        Span<byte> label = stackalloc byte[LabelSize];
        WriteLabel(connection.Label, label);
        return _socket.Send(label, isLast: false);
    }

    private static void WriteLabel(ulong number, Span<byte> label)
    {
        label[0] = LabelPrefix;
        BinaryPrimitives.WriteUInt64BigEndian(label[1..], number);
    }
}
