namespace Simulation.Running;

/// <summary>
/// A clock that jumps from one due timer to the next. Timers belong to the process that made them: they fire there as one of its steps, and never
/// once it has died. Of several that are due at one instant the seed chooses.
/// </summary>
internal sealed class SimulatedTime(Scheduler scheduler) : TimeProvider
{
    private static readonly DateTimeOffset Beginning = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<(SimulatedTimer Timer, int Turn), (long Due, int Lot)> _due = new();
    private DateTimeOffset _now = Beginning;

    /// <summary>Time since the beginning of the run.</summary>
    public TimeSpan Elapsed => _now - Beginning;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _now;

    /// <inheritdoc/>
    public override long GetTimestamp() => _now.UtcTicks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var owner = SynchronizationContext.Current as Process ?? throw new InvalidOperationException("A timer was made outside of all processes.");
        var timer = new SimulatedTimer(this, owner, () => owner.Post(_ => callback(state), null), period);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Does something once, after a while, whoever is alive.</summary>
    public void Arm(TimeSpan wait, Action act) => new SimulatedTimer(this, scheduler.World, act, Timeout.InfiniteTimeSpan).Change(wait, Timeout.InfiniteTimeSpan);

    /// <summary>Jumps to the next timer that is due by then, and fires it; jumps to that moment, and is false, when there is none.</summary>
    public bool FireNext(TimeSpan until)
    {
        while (_due.TryPeek(out var next, out var when))
        {
            if (when.Due > (Beginning + until).UtcTicks)
                break;
            _due.Dequeue();
            if (next.Turn != next.Timer.Turn || !next.Timer.Owner.IsAlive)
                continue;
            _now = new DateTimeOffset(Math.Max(when.Due, _now.UtcTicks), TimeSpan.Zero);
            next.Timer.Fire();
            return true;
        }

        if (Beginning + until > _now)
            _now = Beginning + until;
        return false;
    }

    private sealed class SimulatedTimer(SimulatedTime time, Process owner, Action fire, TimeSpan period) : ITimer
    {
        private TimeSpan _period = period;

        // Once it has died its timers are nobody's: they end when they are collected, and nothing may depend on when that is.
        public Process Owner => owner;

        // Grows with each change, so that what was queued before is void.
        public int Turn { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            (Turn, _period) = (Turn + 1, period);
            if (dueTime >= TimeSpan.Zero)
                time._due.Enqueue((this, Turn), ((time._now + dueTime).UtcTicks, time.Lot()));
            return true;
        }

        public void Fire()
        {
            if (_period > TimeSpan.Zero)
                Change(_period, _period);
            fire();
        }

        public void Dispose() => Turn++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private int Lot() => scheduler.Random.Next();
}
