using Sotto.Bench.Running;

namespace Sotto.Bench.Measuring;

/// <summary>Looks at the memory of a system's services several times a second, and keeps the most that it saw.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private readonly BenchSystem _system;
    private readonly Timer _timer;
    private long _peak;

    public MemoryWatch(BenchSystem system)
    {
        _system = system;
        _timer = new Timer(_ => Look(), state: null, TimeSpan.Zero, Every);
    }

    /// <summary>In bytes.</summary>
    public long Peak
    {
        get
        {
            Look();
            return Interlocked.Read(ref _peak);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var now = _system.ServiceBytes();
        for (var peak = Interlocked.Read(ref _peak); now > peak;)
            peak = Interlocked.CompareExchange(ref _peak, now, peak) is var seen && seen == peak ? now : seen;
    }
}
