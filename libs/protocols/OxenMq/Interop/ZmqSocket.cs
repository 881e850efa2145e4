using System.Runtime.InteropServices;

namespace Sotto.OxenMq.Interop;

/// <summary>A libzmq socket. Not thread-safe: one thread makes it, uses it and closes it.</summary>
internal sealed unsafe class ZmqSocket : SafeHandle
{
    public ZmqSocket(ZmqContext context, int type)
        : base(0, ownsHandle: true)
    {
        SetHandle(LibZmq.zmq_socket(context, type));
        if (IsInvalid)
            throw Failure("make a socket");
    }

    public override bool IsInvalid => handle == 0;

    public nint Pointer => handle;

    public void Set(int option, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        MemoryMarshal.Write(bytes, value);
        Set(option, bytes);
    }

    public void Set(int option, long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        MemoryMarshal.Write(bytes, value);
        Set(option, bytes);
    }

    public void Set(int option, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = value)
        {
            if (LibZmq.zmq_setsockopt(this, option, bytes, (nuint)value.Length) != 0)
                throw Failure($"set option {option}");
        }
    }

    public void Connect(string endpoint)
    {
        if (LibZmq.zmq_connect(this, endpoint) != 0)
            throw Failure("connect");
    }

    /// <returns>Zero, or libzmq's error number.</returns>
    public int Send(ReadOnlySpan<byte> part, bool isLast)
    {
        fixed (byte* bytes = part)
        {
            while (LibZmq.zmq_send(this, bytes, (nuint)part.Length, LibZmq.ZMQ_DONTWAIT | (isLast ? 0 : LibZmq.ZMQ_SNDMORE)) < 0)
            {
                var error = LibZmq.zmq_errno();
                if (error != LibZmq.EINTR)
                    return error;
            }
        }

        return 0;
    }

    protected override bool ReleaseHandle() => LibZmq.zmq_close(handle) == 0;

    private static InvalidOperationException Failure(string attempt) => new($"libzmq could not {attempt} (errno {LibZmq.zmq_errno()}).");
}
