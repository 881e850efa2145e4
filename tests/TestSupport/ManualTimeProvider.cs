namespace Sotto.TestSupport;

/// <summary>A clock that stands still until it is moved. Timers that fall due while it moves fire on the mover's thread, in order, each at its own instant.</summary>
/// <remarks>Thread-safe. A delay started by a timer's continuation on another thread is seen by the next move; move again, or poll, when that matters.</remarks>
public sealed class ManualTimeProvider(DateTimeOffset now) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = now;
    private TimeSpan _wallClockAhead;

    /// <summary>A clock that shows noon of the first of January 2026, UTC.</summary>
    public ManualTimeProvider()
        : this(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers (delays and timeouts too) wait for this clock; for tests that must know that a delay has begun before they move on.</summary>
    public int WaitingTimers
    {
        get
        {
            lock (_gate)
                return _timers.Count(timer => timer.Due is not null);
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now + _wallClockAhead;
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate)
            return _now.UtcTicks;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        lock (_gate)
            _timers.Add(timer);

        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Sets the time of day forward or, negative, back, as an administrator does: timers and timestamps know nothing of it.</summary>
    public void StepWallClock(TimeSpan by)
    {
        lock (_gate)
            _wallClockAhead += by;
    }

    /// <summary>Moves the clock forward.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var end = Then(by);
        while (NextDueBy(end) is { } timer)
            timer.Fire();

        lock (_gate)
            _now = end > _now ? end : _now;
    }

    private DateTimeOffset Then(TimeSpan by)
    {
        lock (_gate)
            return _now + by;
    }

    private ManualTimer? NextDueBy(DateTimeOffset end)
    {
        lock (_gate)
        {
            var next = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
            if (next?.Due > _now)
                _now = next.Due.Value;

            next?.Rewind();
            return next;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (!clock._timers.Contains(this))
                    return false;

                Due = dueTime < TimeSpan.Zero ? null : clock._now + dueTime;
                _period = period;
            }

            if (dueTime == TimeSpan.Zero)
                clock.Advance(TimeSpan.Zero);

            return true;
        }

        // Held by the caller: the clock's gate.
        public void Rewind() => Due = _period > TimeSpan.Zero ? Due + _period : null;

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (clock._gate)
            {
                Due = null;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
