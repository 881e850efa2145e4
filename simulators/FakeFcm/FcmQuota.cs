namespace Sotto.FakeFcm;

/// <summary>Sends in a window of time that begins with its first one. Thread-safe.</summary>
internal sealed class FcmQuota(TimeProvider clock, int max, TimeSpan window)
{
    private readonly Lock _gate = new();
    private DateTimeOffset _began;
    private int _used;

    public bool TryTake(out int retryAfterSeconds)
    {
        retryAfterSeconds = 0;
        if (max == 0)
            return true;
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            if (now - _began >= window)
                (_began, _used) = (now, 0);
            if (_used++ < max)
                return true;
            retryAfterSeconds = (int)Math.Ceiling((_began + window - now).TotalSeconds);
            return false;
        }
    }

    public void Clear()
    {
        lock (_gate)
            _used = 0;
    }
}
