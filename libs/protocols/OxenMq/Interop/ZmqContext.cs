using System.Runtime.InteropServices;

namespace Sotto.OxenMq.Interop;

/// <summary>A libzmq context with its own I/O thread. Closing it waits for its sockets to be closed, so close those first.</summary>
internal sealed class ZmqContext : SafeHandle
{
    public ZmqContext()
        : base(0, ownsHandle: true)
    {
        SetHandle(LibZmq.zmq_ctx_new());
        if (IsInvalid)
            throw new InvalidOperationException($"libzmq made no context (errno {LibZmq.zmq_errno()}).");
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => LibZmq.zmq_ctx_term(handle) == 0;
}
