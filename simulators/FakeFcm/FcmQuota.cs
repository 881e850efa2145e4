namespace Sotto.FakeFcm;

/// <summary>Sends in a window of time that begins with its first one. Thread-safe.</summary>
internal sealed class FcmQuota(TimeProvider clock, int max, TimeSpan window)
{
    private readonly Lock gate = new();
    private DateTimeOffset began;
    private int used;

    public bool TryTake(out int retryAfterSeconds)
    {
        retryAfterSeconds = 0;
        if (max == 0)
            return true;
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (now - began >= window)
                (began, used) = (now, 0);
            if (used++ < max)
                return true;
            retryAfterSeconds = (int)Math.Ceiling((began + window - now).TotalSeconds);
            return false;
        }
    }

    public void Clear()
    {
        lock (gate)
            used = 0;
    }
}
