using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Sotto.FakeSwarm.Zmq;

namespace Sotto.FakeSwarm.Nodes;

/// <summary>One thread for many listeners: it alone touches their sockets. Others hand it work.</summary>
internal sealed unsafe class ListenerThread : IDisposable
{
    private const int EventFdFlags = 0x80000 | 0x800;
    private const int PollMilliseconds = 100;
    private const int MessagesInRowMax = 500;

    // Looking at hundreds of sockets costs 50 us and more, so among many it is done so often at most, whatever others hand us to send meanwhile.
    private const int SocketsMany = 50;
    private const int LookMillisecondsMin = 2;

    private readonly List<Listener> _listeners = [];
    private readonly ConcurrentQueue<Action> _work = new();
    private readonly PriorityQueue<Action, long> _later = new();
    private readonly TimeProvider _clock;
    private readonly int _wake = Native.eventfd(0, EventFdFlags);
    private readonly Thread _thread;
    private int _signalled;
    private volatile bool _stopping;
    private bool _listenersChanged = true;

    public ListenerThread(string name, TimeProvider clock)
    {
        _clock = clock;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>How much work waits; a flood holds back when it grows.</summary>
    public int Backlog => _work.Count;

    public void Post(Action action)
    {
        _work.Enqueue(action);
        if (Interlocked.Exchange(ref _signalled, 1) == 0)
            Signal();
    }

    public void PostLater(TimeSpan delay, Action action)
    {
        var dueAt = _clock.GetTimestamp() + (long)(delay.TotalSeconds * _clock.TimestampFrequency);
        Post(() => _later.Enqueue(action, dueAt));
    }

    /// <summary>Runs something on the thread and awaits it.</summary>
    public Task<T> RunAsync<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        return done.Task;
    }

    // On the thread.
    public void Attach(Listener listener)
    {
        _listeners.Add(listener);
        _listenersChanged = true;
    }

    // On the thread.
    public void Detach(Listener listener)
    {
        _listeners.Remove(listener);
        _listenersChanged = true;
    }

    public void Dispose()
    {
        if (_stopping)
            return;

        _stopping = true;
        Signal();
        _thread.Join();
        _ = Native.close(_wake);
    }

    private void Run()
    {
        var items = (Native.PollItem*)null;
        var watched = Array.Empty<Listener>();
        long lookedAt = 0;
        while (!_stopping)
        {
            if (watched.Length > SocketsMany && !_listenersChanged && TimeProvider.System.GetElapsedTime(lookedAt).TotalMilliseconds < LookMillisecondsMin)
            {
                _ = Native.zmq_poll(items, 1, LookMillisecondsMin);
                DoWork();
                continue;
            }

            if (_listenersChanged)
            {
                watched = [.. _listeners];
                items = (Native.PollItem*)NativeMemory.Realloc(items, (nuint)((watched.Length + 1) * sizeof(Native.PollItem)));
                items[0] = new Native.PollItem { Descriptor = _wake, Wanted = Native.PollIn };
                for (var i = 0; i < watched.Length; i++)
                    items[i + 1] = new Native.PollItem { Socket = watched[i].Socket!.Pointer, Wanted = Native.PollIn };
                _listenersChanged = false;
            }

            _ = Native.zmq_poll(items, watched.Length + 1, PollMilliseconds);
            lookedAt = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < watched.Length; i++)
            {
                if (items[i + 1].Seen != 0)
                    Read(watched[i]);
            }

            DoWork();
        }

        NativeMemory.Free(items);
        foreach (var listener in _listeners.ToArray())
            listener.CloseSocket();
        DoWork();
    }

    private static void Read(Listener listener)
    {
        for (var i = 0; i < MessagesInRowMax && listener.Socket?.TryReceive() is [var routingId, .. var parts]; i++)
            listener.OnMessage(routingId, parts);
    }

    private void DoWork()
    {
        ulong count;
        _ = Native.read(_wake, &count, sizeof(ulong));
        Interlocked.Exchange(ref _signalled, 0);
        for (var waiting = _work.Count; waiting > 0 && _work.TryDequeue(out var action); waiting--)
            action();
        while (_later.TryPeek(out _, out var dueAt) && dueAt <= _clock.GetTimestamp())
            _later.Dequeue()();
    }

    private void Signal()
    {
        ulong one = 1;
        _ = Native.write(_wake, &one, sizeof(ulong));
    }
}
