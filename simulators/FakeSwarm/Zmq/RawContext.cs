namespace Sotto.FakeSwarm.Zmq;

/// <summary>A libzmq context. Close its sockets before it.</summary>
public sealed class RawContext : IDisposable
{
    private nint _context;

    /// <param name="socketsMax">How many sockets it may hold; libzmq's own default is 1,023.</param>
    public RawContext(int socketsMax = 1_023)
    {
        _context = Native.zmq_ctx_new();
        if (_context == 0 || Native.zmq_ctx_set(_context, Native.ContextMaxSockets, socketsMax) != 0)
            throw new InvalidOperationException($"libzmq made no context for {socketsMax} sockets (errno {Native.zmq_errno()}).");
    }

    internal nint Pointer => _context;

    public void Dispose()
    {
        var context = Interlocked.Exchange(ref _context, 0);
        if (context != 0)
            _ = Native.zmq_ctx_term(context);
    }
}
