using System.Buffers.Binary;
using System.Text;
using Sotto.OxenMq.Interop;

namespace Sotto.OxenMq.Engine;

/// <summary>What happened to a connection, as far as it concerns us.</summary>
internal enum ConnectionEvent
{
    None,
    Connected,
    HandshakeSucceeded,
    HandshakeFailed,
    Disconnected,
}

/// <summary>The events of one socket, in order. The only place where libzmq tells of a silent reconnect.</summary>
internal sealed class SocketMonitor : IDisposable
{
    private const int Events = LibZmq.ZMQ_EVENT_CONNECTED | LibZmq.ZMQ_EVENT_DISCONNECTED | LibZmq.ZMQ_EVENT_HANDSHAKE_SUCCEEDED | HandshakeFailures;
    private const int HandshakeFailures =
        LibZmq.ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | LibZmq.ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | LibZmq.ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

    private readonly ZmqSocket _socket;

    public SocketMonitor(ZmqContext context, ZmqSocket watched, string name)
    {
        var endpoint = "inproc://monitor-" + name;
        if (LibZmq.zmq_socket_monitor(watched, endpoint, Events) != 0)
            throw new InvalidOperationException($"libzmq gave no monitor (errno {LibZmq.zmq_errno()}).");

        _socket = new ZmqSocket(context, LibZmq.ZMQ_PAIR);
        // Without a limit, so that libzmq's own thread never waits for us.
        _socket.Set(LibZmq.ZMQ_RCVHWM, 0);
        _socket.Set(LibZmq.ZMQ_LINGER, 0);
        _socket.Connect(endpoint);
    }

    public nint Pointer => _socket.Pointer;

    /// <returns>False if there is no event waiting.</returns>
    public bool TryReceive(MessageReader reader, out ConnectionEvent what, out string endpoint)
    {
        what = ConnectionEvent.None;
        endpoint = "";
        if (!reader.TryReceive(_socket))
            return false;

        // Two bytes of event and four of value in the machine's own order, then the endpoint as text.
        if (reader.Parts is not [{ Length: >= sizeof(ushort) } head, var address])
            return true;

        var number = BinaryPrimitives.ReadUInt16LittleEndian(head.Span);
        endpoint = Encoding.UTF8.GetString(address.Span);
        what = number switch
        {
            LibZmq.ZMQ_EVENT_CONNECTED => ConnectionEvent.Connected,
            LibZmq.ZMQ_EVENT_HANDSHAKE_SUCCEEDED => ConnectionEvent.HandshakeSucceeded,
            LibZmq.ZMQ_EVENT_DISCONNECTED => ConnectionEvent.Disconnected,
            _ when (number & HandshakeFailures) != 0 => ConnectionEvent.HandshakeFailed,
            _ => ConnectionEvent.None,
        };
        return true;
    }

    public void Dispose() => _socket.Dispose();
}
