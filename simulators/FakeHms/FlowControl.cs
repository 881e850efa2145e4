namespace Sotto.FakeHms;

/// <summary>Devices per second; 0 is no limit. Thread-safe.</summary>
internal sealed class FlowControl(TimeProvider clock, int perSecond)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private DateTimeOffset began;
    private int used;

    public bool TryTake(int devices)
    {
        if (perSecond == 0)
            return true;
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (now - began >= Window)
                (began, used) = (now, 0);
            if (used + devices > perSecond)
                return false;
            used += devices;
            return true;
        }
    }
}
