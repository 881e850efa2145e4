using System.Runtime.InteropServices;
using System.Text;

namespace Sotto.FakeSwarm.Zmq;

public enum RawSocketType
{
    Dealer = 5,
    Router = 6,
}

/// <summary>A libzmq socket and nothing on top, for simulated listeners and for tests that speak by hand. One thread at a time.</summary>
public sealed unsafe class RawSocket : IDisposable
{
    public const int KeySize = 32;

    private nint _socket;

    public RawSocket(RawContext context, RawSocketType type)
    {
        ArgumentNullException.ThrowIfNull(context);
        _socket = Native.zmq_socket(context.Pointer, (int)type);
        if (_socket == 0)
            throw Failure("make a socket");

        Set(Native.Linger, 0);
        // No limit on what is received: together with heartbeats a limit aborts the process (libzmq issues 3937 and 4229).
        Set(Native.ReceiveHighWater, 0);
    }

    internal nint Pointer => _socket;

    public bool IsClosed => _socket == 0;

    /// <summary>
    /// Makes it a ROUTER as service nodes have it: the newest connection of a routing id takes over, and sending to nobody is an error. No key, no CURVE.
    /// </summary>
    public RawSocket AsListener(ReadOnlySpan<byte> privateKey, int sendHighWater = 1_000, long partBytesMax = 10 * 1024 * 1024)
    {
        Set(Native.RouterHandover, 1);
        Set(Native.RouterMandatory, 1);
        Set(Native.SendHighWater, sendHighWater);
        Set(Native.HandshakeInterval, 10_000);
        SetLong(Native.MaxMessageSize, partBytesMax);
        if (!privateKey.IsEmpty)
        {
            Set(Native.CurveServer, 1);
            Set(Native.CurveSecretKey, privateKey);
        }

        return this;
    }

    /// <summary>Gives it a key pair and the listener's key, and the routing id that goes with them.</summary>
    public RawSocket AsCurveClient(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> serverKey)
    {
        Set(Native.CurveSecretKey, privateKey);
        Set(Native.CurvePublicKey, publicKey);
        Set(Native.CurveServerKey, serverKey);
        return WithRoutingId([(byte)'L', .. publicKey]);
    }

    public RawSocket WithRoutingId(ReadOnlySpan<byte> routingId)
    {
        Set(Native.RoutingId, routingId);
        return this;
    }

    public RawSocket WithHeartbeats(int intervalMilliseconds, int timeoutMilliseconds)
    {
        Set(Native.HeartbeatInterval, intervalMilliseconds);
        Set(Native.HeartbeatTimeout, timeoutMilliseconds);
        return this;
    }

    /// <returns>False if the address is in use, as it is for an instant after a close.</returns>
    public bool TryBind(string endpoint) => Native.zmq_bind(_socket, endpoint) == 0;

    public void Connect(string endpoint)
    {
        if (Native.zmq_connect(_socket, endpoint) != 0)
            throw Failure("connect");
    }

    /// <summary>Where it is bound, with the port that <c>:*</c> became.</summary>
    public string Endpoint()
    {
        const int SizeMax = 256;
        var text = stackalloc byte[SizeMax];
        nuint length = SizeMax;
        if (Native.zmq_getsockopt(_socket, Native.LastEndpoint, text, &length) != 0)
            throw Failure("name its endpoint");

        return Encoding.UTF8.GetString(text, (int)length - 1);
    }

    /// <summary>Sends all parts or none, without waiting.</summary>
    /// <returns>False if there is no such connection, or its queue is full.</returns>
    public bool TrySend(params ReadOnlySpan<byte[]> parts)
    {
        for (var i = 0; i < parts.Length; i++)
        {
            if (!TrySendPart(parts[i], isLast: i == parts.Length - 1))
                return false;
        }

        return true;
    }

    /// <returns>All parts of the next message, or null if none is there.</returns>
    public byte[][]? TryReceive()
    {
        List<byte[]>? parts = null;
        Native.Message message;
        _ = Native.zmq_msg_init(&message);
        try
        {
            do
            {
                while (Native.zmq_msg_recv(&message, _socket, Native.DoNotWait) < 0)
                {
                    var error = Native.zmq_errno();
                    if (error == Native.TryAgain)
                        return null;
                    if (error != Native.Interrupted)
                        throw Failure("receive");
                }

                parts ??= [];
                parts.Add(new ReadOnlySpan<byte>(Native.zmq_msg_data(&message), (int)Native.zmq_msg_size(&message)).ToArray());
            }
            while (Native.zmq_msg_more(&message) != 0);

            return [.. parts];
        }
        finally
        {
            _ = Native.zmq_msg_close(&message);
        }
    }

    /// <summary>As <see cref="TryReceive()"/>, but waits.</summary>
    public byte[][]? TryReceive(TimeSpan patience)
    {
        var item = new Native.PollItem { Socket = _socket, Wanted = Native.PollIn };
        return TryReceive() ?? (Native.zmq_poll(&item, 1, (nint)patience.TotalMilliseconds) > 0 ? TryReceive() : null);
    }

    public void Dispose()
    {
        var socket = Interlocked.Exchange(ref _socket, 0);
        if (socket != 0)
            _ = Native.zmq_close(socket);
    }

    private bool TrySendPart(ReadOnlySpan<byte> part, bool isLast)
    {
        fixed (byte* data = part)
        {
            while (Native.zmq_send(_socket, data, (nuint)part.Length, Native.DoNotWait | (isLast ? 0 : Native.SendMore)) < 0)
            {
                if (Native.zmq_errno() != Native.Interrupted)
                    return false;
            }
        }

        return true;
    }

    private void Set(int option, int value) => Set(option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));

    private void SetLong(int option, long value) => Set(option, MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in value)));

    private void Set(int option, ReadOnlySpan<byte> value)
    {
        fixed (byte* data = value)
        {
            if (Native.zmq_setsockopt(_socket, option, data, (nuint)value.Length) != 0)
                throw Failure($"set option {option}");
        }
    }

    private static InvalidOperationException Failure(string attempt) => new($"libzmq could not {attempt} (errno {Native.zmq_errno()}).");
}
