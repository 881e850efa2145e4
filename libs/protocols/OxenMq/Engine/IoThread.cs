using System.Collections.Concurrent;
using Sotto.OxenMq.Interop;

namespace Sotto.OxenMq.Engine;

/// <summary>The one thread that owns the sockets: waits for them and for work from other threads, and keeps the time.</summary>
internal sealed unsafe class IoThread : IDisposable
{
    // How often time-outs are looked at, as in the reference library (oxenmq section 3), in milliseconds.
    private const int TickInterval = 250;

    // How long a flood may keep that from happening, in milliseconds.
    private const int TickIntervalMax = 5_000;

    // Messages of one socket in a row, so that a flood starves neither the other socket nor the requests.
    private const int MessagesInRowMax = 1_000;

    private readonly OxenMqOptions _options;
    private readonly Tally _tally;
    private readonly ConcurrentQueue<Action<PeerLife?>> _work = new();
    private readonly EventFd _wake = new();
    private readonly ManualResetEventSlim _started = new();
    private readonly Thread _thread;
    private Exception? _startFailure;
    private int _signalled;
    private volatile bool _stopping;
    private volatile bool _ended;

    public IoThread(OxenMqOptions options, Tally tally)
    {
        _options = options;
        _tally = tally;
        _thread = new Thread(Run) { Name = "oxenmq", IsBackground = true };
        _thread.Start();
        _started.Wait();
        if (_startFailure is not null)
            throw new InvalidOperationException("The OxenMQ client could not start: " + _startFailure.Message, _startFailure);
    }

    /// <summary>
    /// Has the thread do something, soon and in order; the action gets null if everything is closed already. Bounded by the callers: a connect and a
    /// disconnect for each peer, and requests up to their limit.
    /// </summary>
    public void Post(Action<PeerLife?> action)
    {
        _work.Enqueue(action);
        if (_ended)
        {
            DoWork(null);
            return;
        }

        if (Interlocked.Exchange(ref _signalled, 1) == 0)
            _wake.Signal();
    }

    public void Dispose()
    {
        if (_stopping)
            return;

        _stopping = true;
        _wake.Signal();
        if (Thread.CurrentThread == _thread)
            return;

        _thread.Join();
        _started.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        try
        {
            using var context = new ZmqContext();
            using var curve = new RouterSocket(context, _options, isCurve: true);
            using var plain = new RouterSocket(context, _options, isCurve: false);
            using var reader = new MessageReader();
            var life = new PeerLife(curve, plain, _options, new Callbacks(_options, _tally), _tally);
            _started.Set();
            Loop(life, reader, curve, plain);
            life.CloseAll();
            _ended = true;
            DoWork(null);
        }
        catch (Exception failure) when (!_started.IsSet)
        {
            _startFailure = failure;
            _started.Set();
        }
    }

    private void Loop(PeerLife life, MessageReader reader, RouterSocket curve, RouterSocket plain)
    {
        LibZmq.zmq_pollitem_t* items = stackalloc LibZmq.zmq_pollitem_t[]
        {
            new() { fd = _wake.Descriptor, events = LibZmq.ZMQ_POLLIN },
            new() { socket = curve.Monitor.Pointer, events = LibZmq.ZMQ_POLLIN },
            new() { socket = plain.Monitor.Pointer, events = LibZmq.ZMQ_POLLIN },
            new() { socket = curve.Pointer, events = LibZmq.ZMQ_POLLIN },
            new() { socket = plain.Pointer, events = LibZmq.ZMQ_POLLIN },
        };
        life.ReadClock();
        var tickedAt = life.Now;
        while (!_stopping)
        {
            var isQuiet = LibZmq.zmq_poll(items, 5, TickInterval) == 0;
            life.ReadClock();
            _wake.Clear();
            // Before the queue is looked at: whoever posts after this signals again.
            Interlocked.Exchange(ref _signalled, 0);
            ReadEvents(life, reader, curve);
            ReadEvents(life, reader, plain);
            var isDrained = ReadMessages(life, reader, curve) & ReadMessages(life, reader, plain);
            life.ReadClock();
            // Not before the messages: polling has libzmq take the first part of one, and it aborts if its peer is disconnected before the rest is read.
            DoWork(life);

            // What a peer is waited for may stand in the queue behind others, so nobody is given up before all is read, unless it never ends.
            var sinceTick = _options.Clock.GetElapsedTime(tickedAt, life.Now).TotalMilliseconds;
            if (isQuiet || sinceTick >= (isDrained ? TickInterval : TickIntervalMax))
            {
                tickedAt = life.Now;
                life.OnTick();
            }
        }

    }

    private void DoWork(PeerLife? life)
    {
        for (var waiting = _work.Count; waiting > 0 && _work.TryDequeue(out Action<PeerLife?>? action); waiting--)
            action(life);
    }

    private static void ReadEvents(PeerLife life, MessageReader reader, RouterSocket router)
    {
        while (router.Monitor.TryReceive(reader, out ConnectionEvent what, out string endpoint))
            life.OnEvent(router, what, endpoint);
    }

    /// <returns>Whether no message was left.</returns>
    private static bool ReadMessages(PeerLife life, MessageReader reader, RouterSocket router)
    {
        for (var i = 0; i < MessagesInRowMax; i++)
        {
            if (!router.TryReceive(reader, out var connection))
                return true;

            life.OnMessage(router, connection, reader.Parts[1..]);
        }

        return false;
    }
}
