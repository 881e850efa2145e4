using System.Reflection;
using System.Runtime.InteropServices;

namespace Sotto.OxenMq.Interop;

/// <summary>zmq.h of libzmq 4.3, as far as it is used; native names are kept.</summary>
internal static unsafe partial class LibZmq
{
    public const int ZMQ_PAIR = 0;
    public const int ZMQ_ROUTER = 6;

    public const int ZMQ_ROUTING_ID = 5;
    public const int ZMQ_RCVMORE = 13;
    public const int ZMQ_LINGER = 17;
    public const int ZMQ_RECONNECT_IVL = 18;
    public const int ZMQ_RECONNECT_IVL_MAX = 21;
    public const int ZMQ_MAXMSGSIZE = 22;
    public const int ZMQ_SNDHWM = 23;
    public const int ZMQ_RCVHWM = 24;
    public const int ZMQ_ROUTER_MANDATORY = 33;
    public const int ZMQ_CURVE_PUBLICKEY = 48;
    public const int ZMQ_CURVE_SECRETKEY = 49;
    public const int ZMQ_CURVE_SERVERKEY = 50;
    public const int ZMQ_CONNECT_ROUTING_ID = 61;
    public const int ZMQ_HANDSHAKE_IVL = 66;
    public const int ZMQ_HEARTBEAT_IVL = 75;
    public const int ZMQ_HEARTBEAT_TIMEOUT = 77;

    public const int ZMQ_DONTWAIT = 1;
    public const int ZMQ_SNDMORE = 2;
    public const short ZMQ_POLLIN = 1;

    public const int ZMQ_EVENT_CONNECTED = 0x0001;
    public const int ZMQ_EVENT_DISCONNECTED = 0x0200;
    public const int ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL = 0x0800;
    public const int ZMQ_EVENT_HANDSHAKE_SUCCEEDED = 0x1000;
    public const int ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL = 0x2000;
    public const int ZMQ_EVENT_HANDSHAKE_FAILED_AUTH = 0x4000;

    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int EHOSTUNREACH = 113;

    private const string Library = "libzmq";

    static LibZmq() => NativeLibrary.SetDllImportResolver(typeof(LibZmq).Assembly, Resolve);

    [LibraryImport(Library)]
    public static partial nint zmq_ctx_new();

    [LibraryImport(Library)]
    public static partial int zmq_ctx_term(nint context);

    [LibraryImport(Library)]
    public static partial nint zmq_socket(ZmqContext context, int type);

    [LibraryImport(Library)]
    public static partial int zmq_close(nint socket);

    [LibraryImport(Library)]
    public static partial int zmq_setsockopt(ZmqSocket socket, int option, byte* value, nuint length);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int zmq_connect(ZmqSocket socket, string endpoint);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int zmq_disconnect(ZmqSocket socket, string endpoint);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int zmq_socket_monitor(ZmqSocket socket, string? endpoint, int events);

    [LibraryImport(Library)]
    public static partial int zmq_send(ZmqSocket socket, byte* data, nuint length, int flags);

    [LibraryImport(Library)]
    public static partial int zmq_msg_init(zmq_msg_t* message);

    [LibraryImport(Library)]
    public static partial int zmq_msg_recv(zmq_msg_t* message, ZmqSocket socket, int flags);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial void* zmq_msg_data(zmq_msg_t* message);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial nuint zmq_msg_size(zmq_msg_t* message);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial int zmq_msg_more(zmq_msg_t* message);

    [LibraryImport(Library)]
    public static partial int zmq_msg_close(zmq_msg_t* message);

    [LibraryImport(Library)]
    public static partial int zmq_poll(zmq_pollitem_t* items, int count, nint timeoutMilliseconds);

    [LibraryImport(Library)]
    public static partial int zmq_errno();

    [LibraryImport(Library)]
    public static partial byte* zmq_z85_encode(byte* text, byte* data, nuint length);

    [LibraryImport(Library)]
    public static partial byte* zmq_z85_decode(byte* data, byte* text);

    [LibraryImport(Library)]
    public static partial int zmq_curve_public(byte* publicText, byte* secretText);

    // Only the development package has the unversioned name, so the versioned one comes first.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (!string.Equals(name, Library, StringComparison.Ordinal))
            return 0;

        if (NativeLibrary.TryLoad("libzmq.so.5", out nint handle) || NativeLibrary.TryLoad("libzmq.so", out handle))
            return handle;

        throw new DllNotFoundException("libzmq.so.5 is not installed. On Debian and Ubuntu: apt-get install libzmq5");
    }

    /// <summary>Opaque; 64 bytes since libzmq 4.1.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    public struct zmq_msg_t;

    [StructLayout(LayoutKind.Sequential)]
    public struct zmq_pollitem_t
    {
        public nint socket;
        public int fd;
        public short events;
        public short revents;
    }
}
