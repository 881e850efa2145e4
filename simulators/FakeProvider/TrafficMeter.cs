namespace Sotto.FakeProvider;

/// <summary>How busy a simulator is. Thread-safe.</summary>
internal sealed class TrafficMeter(TimeProvider clock)
{
    // The rate is that of the last whole second.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly long _started = clock.GetTimestamp();
    private readonly Lock _gate = new();
    private long _connectionsOpen;
    private long _connectionsTotal;
    private long _inFlight;
    private long _windowStarted = clock.GetTimestamp();
    private long _inWindow;
    private long _perSecond;

    public TimeSpan Uptime => clock.GetElapsedTime(_started);

    public long ConnectionsOpen => Interlocked.Read(ref _connectionsOpen);

    public long ConnectionsTotal => Interlocked.Read(ref _connectionsTotal);

    public long InFlight => Interlocked.Read(ref _inFlight);

    public long PerSecond
    {
        get
        {
            lock (_gate)
            {
                Turn();
                return _perSecond;
            }
        }
    }

    public void ConnectionOpened()
    {
        Interlocked.Increment(ref _connectionsOpen);
        Interlocked.Increment(ref _connectionsTotal);
    }

    public void ConnectionClosed() => Interlocked.Decrement(ref _connectionsOpen);

    public void RequestBegan()
    {
        Interlocked.Increment(ref _inFlight);
        lock (_gate)
        {
            Turn();
            _inWindow++;
        }
    }

    public void RequestEnded() => Interlocked.Decrement(ref _inFlight);

    private void Turn()
    {
        var elapsed = clock.GetElapsedTime(_windowStarted);
        if (elapsed < Window)
            return;
        _perSecond = elapsed < 2 * Window ? (long)(_inWindow / elapsed.TotalSeconds) : 0;
        (_windowStarted, _inWindow) = (clock.GetTimestamp(), 0);
    }
}
