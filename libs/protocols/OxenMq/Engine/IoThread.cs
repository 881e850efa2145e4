using System.Collections.Concurrent;
using Sotto.OxenMq.Interop;

namespace Sotto.OxenMq.Engine;

/// <summary>The one thread that owns the sockets: waits for them and for work from other threads, and keeps the time.</summary>
internal sealed unsafe class IoThread : IDisposable
{
    // How often time-outs are looked at, as in the reference library (oxenmq section 3), in milliseconds.
    private const int TickInterval = 250;

    // Messages of one socket in a row, so that a flood starves neither the other socket nor the requests.
    private const int MessagesInRowMax = 1_000;

    private readonly OxenMqOptions options;
    private readonly Tally tally;
    private readonly ConcurrentQueue<Action<PeerLife?>> work = new();
    private readonly EventFd wake = new();
    private readonly ManualResetEventSlim started = new();
    private readonly Thread thread;
    private Exception? startFailure;
    private int signalled;
    private volatile bool stopping;
    private volatile bool ended;

    public IoThread(OxenMqOptions options, Tally tally)
    {
        this.options = options;
        this.tally = tally;
        thread = new Thread(Run) { Name = "oxenmq", IsBackground = true };
        thread.Start();
        started.Wait();
        if (startFailure is not null)
            throw new InvalidOperationException("The OxenMQ client could not start: " + startFailure.Message, startFailure);
    }

    /// <summary>
    /// Has the thread do something, soon and in order; the action gets null if everything is closed already. Bounded by the callers: a connect and a
    /// disconnect for each peer, and requests up to their limit.
    /// </summary>
    public void Post(Action<PeerLife?> action)
    {
        work.Enqueue(action);
        if (ended)
        {
            DoWork(null);
            return;
        }

        if (Interlocked.Exchange(ref signalled, 1) == 0)
            wake.Signal();
    }

    public void Dispose()
    {
        if (stopping)
            return;

        stopping = true;
        wake.Signal();
        if (Thread.CurrentThread == thread)
            return;

        thread.Join();
        started.Dispose();
        wake.Dispose();
    }

    private void Run()
    {
        try
        {
            using var context = new ZmqContext();
            using var curve = new RouterSocket(context, options, isCurve: true);
            using var plain = new RouterSocket(context, options, isCurve: false);
            using var reader = new MessageReader();
            var life = new PeerLife(curve, plain, options, new Callbacks(options, tally), tally);
            started.Set();
            Loop(life, reader, curve, plain);
            life.CloseAll();
            ended = true;
            DoWork(null);
        }
        catch (Exception failure) when (!started.IsSet)
        {
            startFailure = failure;
            started.Set();
        }
    }

    private void Loop(PeerLife life, MessageReader reader, RouterSocket curve, RouterSocket plain)
    {
        LibZmq.zmq_pollitem_t* items = stackalloc LibZmq.zmq_pollitem_t[]
        {
            new() { fd = wake.Descriptor, events = LibZmq.ZMQ_POLLIN },
            new() { socket = curve.Monitor.Pointer, events = LibZmq.ZMQ_POLLIN },
            new() { socket = plain.Monitor.Pointer, events = LibZmq.ZMQ_POLLIN },
            new() { socket = curve.Pointer, events = LibZmq.ZMQ_POLLIN },
            new() { socket = plain.Pointer, events = LibZmq.ZMQ_POLLIN },
        };
        life.ReadClock();
        long tickedAt = life.Now;
        while (!stopping)
        {
            _ = LibZmq.zmq_poll(items, 5, TickInterval);
            life.ReadClock();
            wake.Clear();
            // Before the queue is looked at: whoever posts after this signals again.
            Interlocked.Exchange(ref signalled, 0);
            DoWork(life);
            ReadEvents(life, reader, curve);
            ReadEvents(life, reader, plain);
            ReadMessages(life, reader, curve);
            ReadMessages(life, reader, plain);
            if (options.Clock.GetElapsedTime(tickedAt, life.Now).TotalMilliseconds >= TickInterval)
            {
                tickedAt = life.Now;
                life.OnTick();
            }
        }

    }

    private void DoWork(PeerLife? life)
    {
        for (int waiting = work.Count; waiting > 0 && work.TryDequeue(out Action<PeerLife?>? action); waiting--)
            action(life);
    }

    private static void ReadEvents(PeerLife life, MessageReader reader, RouterSocket router)
    {
        while (router.Monitor.TryReceive(reader, out ConnectionEvent what, out string endpoint))
            life.OnEvent(router, what, endpoint);
    }

    private static void ReadMessages(PeerLife life, MessageReader reader, RouterSocket router)
    {
        for (int i = 0; i < MessagesInRowMax && router.TryReceive(reader, out PeerConnection? connection); i++)
            life.OnMessage(router, connection, reader.Parts[1..]);
    }
}
