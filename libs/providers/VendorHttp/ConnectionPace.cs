namespace Sotto.VendorHttp;

/// <summary>Keeps us from knocking too often: spaces the openings of connections to one host, and pauses them after failures.</summary>
/// <remarks>Thread-safe. Apple treats quick opening and closing as an attack (providers.md section 3.6).</remarks>
internal sealed class ConnectionPace(TimeSpan spacing, TimeProvider clock)
{
    private static readonly TimeSpan BackoffMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackoffMax = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private TimeSpan _nextOpening;
    private TimeSpan _resumesAt;
    private TimeSpan _backoff;

    public long Opened { get; private set; }

    /// <summary>How long connecting is still paused after failures; zero when it is not.</summary>
    public TimeSpan PausedFor
    {
        get
        {
            lock (_gate)
            {
                var left = _resumesAt - Now;
                return _backoff > TimeSpan.Zero && left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>True when one more connection may be opened without waiting.</summary>
    public bool MayOpenNow
    {
        get
        {
            lock (_gate)
                return Now >= _nextOpening && _backoff == TimeSpan.Zero;
        }
    }

    // By a clock that nobody sets: one that is set back would keep us from connecting for as long.
    private TimeSpan Now => clock.GetElapsedTime(startingTimestamp: 0);

    /// <summary>Waits until a connection may be opened.</summary>
    /// <exception cref="ConnectingPausedException">Connecting failed a moment ago; waiting would only pile up requests.</exception>
    public Task OpeningAsync(CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_gate)
        {
            if (PausedFor > TimeSpan.Zero)
                throw new ConnectingPausedException();
            var now = Now;
            // The next one after a failure goes alone; whoever comes beside it finds the pause again.
            if (_backoff > TimeSpan.Zero)
                _resumesAt = now + _backoff;
            var at = now > _nextOpening ? now : _nextOpening;
            _nextOpening = at + spacing;
            wait = at - now;
            Opened++;
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, clock, cancellationToken) : Task.CompletedTask;
    }

    public void Failed()
    {
        lock (_gate)
        {
            _backoff = _backoff == TimeSpan.Zero ? BackoffMin : _backoff * 2 < BackoffMax ? _backoff * 2 : BackoffMax;
            _resumesAt = Now + _backoff;
        }
    }

    public void Succeeded()
    {
        lock (_gate)
            _backoff = TimeSpan.Zero;
    }
}

internal sealed class ConnectingPausedException() : IOException("Connecting failed a moment ago and is not tried again yet.");
