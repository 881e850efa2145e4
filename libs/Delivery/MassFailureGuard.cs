namespace Sotto.Delivery;

/// <summary>
/// Doubts many dead tokens at once: a wrong key, topic or environment of ours looks exactly like them, and a retirement cannot be undone (providers.md section 1.2).
/// One guard for one provider and app. Thread-safe.
/// </summary>
public sealed class MassFailureGuard(TimeProvider clock)
{
    /// <summary>Fewer results in the window say nothing.</summary>
    public const int ResultsMin = 50;

    /// <summary>A larger share of doubtful deaths is not believed.</summary>
    public const double ShareMax = 0.2;

    /// <summary>How far back results count.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan SlotLength = Window / Slots;
    private const int Slots = 60;

    private readonly Lock _gate = new();
    private readonly int[] _results = new int[Slots];
    private readonly int[] _doubtful = new int[Slots];
    private long _newest;

    /// <summary>True while deaths of the doubtful kind are not believed.</summary>
    public bool IsTripped
    {
        get
        {
            lock (_gate)
                return Tripped();
        }
    }

    /// <summary>Counts one result.</summary>
    /// <returns>True when a dead token may be retired on the strength of it. Deaths that no setting of ours can cause always may.</returns>
    public bool Allows(DeliveryOutcome outcome)
    {
        if (outcome is DeliveryOutcome.Postponed)
            return false;
        var doubtful = outcome is DeliveryOutcome.TokenDead { LooksLikeOurs: true };
        lock (_gate)
        {
            var slot = Forget();
            _results[slot]++;
            if (doubtful)
                _doubtful[slot]++;
            return outcome is DeliveryOutcome.TokenDead && (!doubtful || !Tripped());
        }
    }

    private bool Tripped()
    {
        Forget();
        var results = _results.Sum();
        return results >= ResultsMin && _doubtful.Sum() > ShareMax * results;
    }

    // Empties the slots that have left the window and gives the present one.
    private int Forget()
    {
        var now = clock.GetUtcNow().UtcTicks / SlotLength.Ticks;
        for (var slot = Math.Max(_newest + 1, now - Slots + 1); slot <= now; slot++)
            _results[slot % Slots] = _doubtful[slot % Slots] = 0;
        _newest = Math.Max(_newest, now);
        return (int)(_newest % Slots);
    }
}
