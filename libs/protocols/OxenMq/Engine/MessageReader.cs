using System.Runtime.InteropServices;
using Sotto.OxenMq.Interop;

namespace Sotto.OxenMq.Engine;

/// <summary>Receives whole multipart messages; each part is copied into an array of its own, which its receiver may keep.</summary>
internal sealed unsafe class MessageReader : IDisposable
{
    /// <summary>Parts of one message that are kept. Our longest has four; what a hostile peer sends beyond is dropped.</summary>
    private const int PartsMax = 64;

    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private readonly LibZmq.zmq_msg_t* _message;

    public MessageReader()
    {
        _message = (LibZmq.zmq_msg_t*)NativeMemory.AllocZeroed((nuint)sizeof(LibZmq.zmq_msg_t));
        _ = LibZmq.zmq_msg_init(_message);
    }

    /// <summary>The parts of the last message; overwritten by the next.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Parts => CollectionsMarshal.AsSpan(_parts);

    /// <returns>False if no message is waiting.</returns>
    public bool TryReceive(ZmqSocket socket)
    {
        _parts.Clear();
        bool more;
        do
        {
            // libzmq hands over a message only when it is whole, so that only the first part can be missing.
            if (LibZmq.zmq_msg_recv(_message, socket, LibZmq.ZMQ_DONTWAIT) < 0)
            {
                var error = LibZmq.zmq_errno();
                if (error == LibZmq.EINTR)
                {
                    more = true;
                    continue;
                }

                return error == LibZmq.EAGAIN ? false : throw new InvalidOperationException($"libzmq could not receive (errno {error}).");
            }

            if (_parts.Count < PartsMax)
                _parts.Add(new ReadOnlySpan<byte>(LibZmq.zmq_msg_data(_message), checked((int)LibZmq.zmq_msg_size(_message))).ToArray());
            more = LibZmq.zmq_msg_more(_message) != 0;
        }
        while (more);

        return true;
    }

    public void Dispose()
    {
        _ = LibZmq.zmq_msg_close(_message);
        NativeMemory.Free(_message);
    }
}
