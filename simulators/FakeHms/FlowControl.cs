namespace Sotto.FakeHms;

/// <summary>Devices per second; 0 is no limit. Thread-safe.</summary>
internal sealed class FlowControl(TimeProvider clock, int perSecond)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private DateTimeOffset _began;
    private int _used;

    public bool TryTake(int devices)
    {
        if (perSecond == 0)
            return true;
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            if (now - _began >= Window)
                (_began, _used) = (now, 0);
            if (_used + devices > perSecond)
                return false;
            _used += devices;
            return true;
        }
    }
}
