namespace Sotto.FakeProvider;

/// <summary>How busy a simulator is. Thread-safe.</summary>
internal sealed class TrafficMeter(TimeProvider clock)
{
    // The rate is that of the last whole second.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly long started = clock.GetTimestamp();
    private readonly Lock gate = new();
    private long connectionsOpen;
    private long connectionsTotal;
    private long inFlight;
    private long windowStarted = clock.GetTimestamp();
    private long inWindow;
    private long perSecond;

    public TimeSpan Uptime => clock.GetElapsedTime(started);

    public long ConnectionsOpen => Interlocked.Read(ref connectionsOpen);

    public long ConnectionsTotal => Interlocked.Read(ref connectionsTotal);

    public long InFlight => Interlocked.Read(ref inFlight);

    public long PerSecond
    {
        get
        {
            lock (gate)
            {
                Turn();
                return perSecond;
            }
        }
    }

    public void ConnectionOpened()
    {
        Interlocked.Increment(ref connectionsOpen);
        Interlocked.Increment(ref connectionsTotal);
    }

    public void ConnectionClosed() => Interlocked.Decrement(ref connectionsOpen);

    public void RequestBegan()
    {
        Interlocked.Increment(ref inFlight);
        lock (gate)
        {
            Turn();
            inWindow++;
        }
    }

    public void RequestEnded() => Interlocked.Decrement(ref inFlight);

    private void Turn()
    {
        var elapsed = clock.GetElapsedTime(windowStarted);
        if (elapsed < Window)
            return;
        perSecond = elapsed < 2 * Window ? (long)(inWindow / elapsed.TotalSeconds) : 0;
        (windowStarted, inWindow) = (clock.GetTimestamp(), 0);
    }
}
