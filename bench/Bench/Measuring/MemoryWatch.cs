namespace Sotto.Bench.Measuring;

/// <summary>Looks at somebody's memory several times a second, and keeps the most that it saw.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private readonly Func<long> _bytes;
    private readonly Timer _timer;
    private long _peak;

    public MemoryWatch(Func<long> bytes)
    {
        _bytes = bytes;
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
        var now = _bytes();
        for (var peak = Interlocked.Read(ref _peak); now > peak;)
            peak = Interlocked.CompareExchange(ref _peak, now, peak) is var seen && seen == peak ? now : seen;
    }
}
