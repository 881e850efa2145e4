namespace Sotto.FakeHms;

/// <summary>Devices per second, in whichever second one looks at; 0 is no limit. Thread-safe.</summary>
internal sealed class FlowControl(TimeProvider clock, int perSecond)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Queue<(DateTimeOffset At, int Devices)> _lately = [];
    private int _used;

    public bool TryTake(int devices)
    {
        if (perSecond == 0)
            return true;
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            while (_lately.TryPeek(out var oldest) && now - oldest.At >= Window)
                _used -= _lately.Dequeue().Devices;
            if (_used + devices > perSecond)
                return false;
            _used += devices;
            _lately.Enqueue((now, devices));
            return true;
        }
    }
}
