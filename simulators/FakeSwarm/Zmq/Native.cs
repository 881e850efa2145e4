using System.Runtime.InteropServices;

namespace Sotto.FakeSwarm.Zmq;

/// <summary>What the simulator needs of zmq.h and of Linux. Its own binding, so that a mistake in the client's is not repeated here.</summary>
internal static unsafe partial class Native
{
    public const int RoutingId = 5;
    public const int Linger = 17;
    public const int MaxMessageSize = 22;
    public const int SendHighWater = 23;
    public const int ReceiveHighWater = 24;
    public const int LastEndpoint = 32;
    public const int RouterMandatory = 33;
    public const int CurveServer = 47;
    public const int CurvePublicKey = 48;
    public const int CurveSecretKey = 49;
    public const int CurveServerKey = 50;
    public const int RouterHandover = 56;
    public const int HandshakeInterval = 66;
    public const int HeartbeatInterval = 75;
    public const int HeartbeatTimeout = 77;

    public const int ContextIoThreads = 1;
    public const int ContextMaxSockets = 2;

    public const int DoNotWait = 1;
    public const int SendMore = 2;
    public const short PollIn = 1;

    public const int Interrupted = 4;
    public const int TryAgain = 11;

    // The versioned name is the only one without the development package.
    private const string Zmq = "libzmq.so.5";

    [LibraryImport(Zmq)]
    public static partial nint zmq_ctx_new();

    [LibraryImport(Zmq)]
    public static partial int zmq_ctx_set(nint context, int option, int value);

    [LibraryImport(Zmq)]
    public static partial int zmq_ctx_term(nint context);

    [LibraryImport(Zmq)]
    public static partial nint zmq_socket(nint context, int type);

    [LibraryImport(Zmq)]
    public static partial int zmq_close(nint socket);

    [LibraryImport(Zmq)]
    public static partial int zmq_setsockopt(nint socket, int option, byte* value, nuint length);

    [LibraryImport(Zmq)]
    public static partial int zmq_getsockopt(nint socket, int option, byte* value, nuint* length);

    [LibraryImport(Zmq, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int zmq_bind(nint socket, string endpoint);

    [LibraryImport(Zmq, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int zmq_connect(nint socket, string endpoint);

    [LibraryImport(Zmq)]
    public static partial int zmq_send(nint socket, byte* data, nuint length, int flags);

    [LibraryImport(Zmq)]
    public static partial int zmq_msg_init(Message* message);

    [LibraryImport(Zmq)]
    public static partial int zmq_msg_recv(Message* message, nint socket, int flags);

    [LibraryImport(Zmq)]
    public static partial byte* zmq_msg_data(Message* message);

    [LibraryImport(Zmq)]
    public static partial nuint zmq_msg_size(Message* message);

    [LibraryImport(Zmq)]
    public static partial int zmq_msg_more(Message* message);

    [LibraryImport(Zmq)]
    public static partial int zmq_msg_close(Message* message);

    [LibraryImport(Zmq)]
    public static partial int zmq_poll(PollItem* items, int count, nint milliseconds);

    [LibraryImport(Zmq)]
    public static partial int zmq_errno();

    [LibraryImport("libc")]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc")]
    public static partial nint write(int descriptor, ulong* data, nuint length);

    [LibraryImport("libc")]
    public static partial nint read(int descriptor, ulong* data, nuint length);

    [LibraryImport("libc")]
    public static partial int close(int descriptor);

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    public struct Message;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollItem
    {
        public nint Socket;
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }
}
