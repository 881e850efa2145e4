using Sotto.OxenMq;

namespace SwarmListener.Monitoring;

/// <summary>
/// After a start, and after buckets came from another instance, gives back the memory that only that needed: arrays that were outgrown, bodies of requests, what handshakes
/// left. When all is told, and not often, since it stops the process for a moment (200 ms with a million accounts).
/// </summary>
/// <remarks>Belongs to the monitor loop.</remarks>
internal sealed class Tidying(TimeProvider clock)
{
    /// <summary>Time between two.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private bool _isWanted = true;
    private DateTimeOffset _next;

    /// <summary>There is something to give back, or will be.</summary>
    public void Want() => _isWanted = true;

    /// <summary>Does it if it is wanted and its time has come; the caller has nothing to send and waits for no answer.</summary>
    public void AtRest()
    {
        if (!_isWanted || clock.GetUtcNow() < _next)
            return;
        (_isWanted, _next) = (false, clock.GetUtcNow() + Pause);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        OxenMqMemory.GiveBack();
    }
}
