namespace Sotto.Delivery;

/// <summary>The few fixed times for which the broker can keep a push away, shortest first.</summary>
/// <remarks>Few and fixed: each is a queue, and in one queue a shorter wait would stand behind a longer one.</remarks>
public sealed class ParkingLadder
{
    /// <summary>Most rungs.</summary>
    public const int RungsMax = 16;

    /// <summary>Longest wait of a rung.</summary>
    public static readonly TimeSpan RungMax = TimeSpan.FromHours(1);

    /// <summary>A ladder with these rungs.</summary>
    /// <exception cref="ArgumentException">There are none or too many, or one is not whole seconds between one second and <see cref="RungMax"/>.</exception>
    public ParkingLadder(IEnumerable<TimeSpan> rungs)
    {
        Rungs = [.. rungs.Distinct().Order()];
        if (Rungs.Count is 0 or > RungsMax)
            throw new ArgumentException($"A ladder has 1 to {RungsMax} rungs.", nameof(rungs));
        if (Rungs.Any(rung => rung < TimeSpan.FromSeconds(1) || rung > RungMax || rung.Ticks % TimeSpan.TicksPerSecond != 0))
            throw new ArgumentException($"A rung is 1 to {RungMax.TotalSeconds} whole seconds.", nameof(rungs));
    }

    /// <summary>The rungs, shortest first.</summary>
    public IReadOnlyList<TimeSpan> Rungs { get; }

    /// <summary>The rung for a wait: the shortest that is not shorter, or else the longest that is allowed.</summary>
    /// <param name="wait">The wait that is wanted; more than the longest rung is taken for that.</param>
    /// <param name="least">A rung shorter than this does not serve.</param>
    /// <param name="most">Nor does a longer one than this.</param>
    /// <returns>The rung; null when none serves.</returns>
    public TimeSpan? RungFor(TimeSpan wait, TimeSpan least, TimeSpan most)
    {
        wait = wait < Rungs[^1] ? wait : Rungs[^1];
        least = least < wait ? least : wait;
        foreach (var rung in Rungs)
        {
            if (rung >= wait && rung <= most)
                return rung;
        }

        for (var i = Rungs.Count - 1; i >= 0; i--)
        {
            if (Rungs[i] <= most)
                return Rungs[i] >= least ? Rungs[i] : null;
        }

        return null;
    }
}
