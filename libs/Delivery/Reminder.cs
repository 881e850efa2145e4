namespace Sotto.Delivery;

/// <summary>Keeps a log from saying the same for each of a million pushes. Thread-safe.</summary>
internal sealed class Reminder(TimeProvider clock, TimeSpan? every = null)
{
    private readonly TimeSpan _every = every ?? TimeSpan.FromMinutes(10);

    private long _lastTicks;

    /// <summary>True the first time, and then once in ten minutes, or whatever else was asked for.</summary>
    public bool IsDue()
    {
        var now = clock.GetUtcNow().UtcTicks;
        var last = Interlocked.Read(ref _lastTicks);
        return now - last >= _every.Ticks && Interlocked.CompareExchange(ref _lastTicks, now, last) == last;
    }
}
