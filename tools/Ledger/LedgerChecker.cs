namespace Sotto.Ledger;

/// <summary>Reads the books of a run against each other and says what became of every push.</summary>
public static class LedgerChecker
{
    /// <summary>Most keys that a verdict names for each kind of trouble; the counts are exact.</summary>
    public const int NamedMax = 20;

    /// <summary>The verdict. Every accepted push is in exactly one of delivered, expired, superseded, dead-lettered, waiting, lost.</summary>
    /// <param name="books">The closed books.</param>
    /// <param name="latenessAllowed">By how much a handover may come after a push's expiry: what lies between a sender's look at the clock and the provider's answer.</param>
    public static Verdict Check(Books books, TimeSpan latenessAllowed)
    {
        var copies = new Dictionary<PushKey, int>();
        var misdirected = new List<PushKey>();
        var late = new List<PushKey>();
        foreach (var handover in books.Taken)
        {
            var key = new PushKey(handover.Device, handover.Message ?? "unreadable");
            if (handover.Message is null || !books.Accepted.TryGetValue(key, out var acceptance))
            {
                misdirected.Add(key);
                continue;
            }

            copies[key] = copies.GetValueOrDefault(key) + 1;
            if (acceptance.ExpiresAt is { } end && handover.At > end + latenessAllowed)
                late.Add(key);
        }

        var ended = books.Accepted.Keys.Where(key => !copies.ContainsKey(key)).ToLookup(key => books.Ended.GetValueOrDefault(key)?.Kind);
        var lost = ended[null].ToList();
        return new Verdict
        {
            Accepted = books.Accepted.Count,
            Delivered = copies.Count,
            Expired = ended[EndingKind.Expired].Count(),
            Superseded = ended[EndingKind.Superseded].Count(),
            DeadLettered = ended[EndingKind.DeadLettered].Count(),
            Waiting = ended[EndingKind.Waiting].Count(),
            Lost = lost.Count,
            Duplicated = copies.Values.Sum(count => count - 1),
            Misdirected = misdirected.Count,
            Late = late.Count,
            LostKeys = [.. lost.Take(NamedMax)],
            DuplicatedKeys = [.. copies.Where(copy => copy.Value > 1).Select(copy => copy.Key).Take(NamedMax)],
            MisdirectedKeys = [.. misdirected.Take(NamedMax)],
            LateKeys = [.. late.Take(NamedMax)],
        };
    }
}

/// <summary>What became of every push of a run.</summary>
public sealed record Verdict
{
    /// <summary>Pushes promised.</summary>
    public required int Accepted { get; init; }

    /// <summary>Promised pushes that a provider took, each counted once.</summary>
    public required int Delivered { get; init; }

    /// <summary>Promised pushes whose time was over before a provider took them.</summary>
    public required int Expired { get; init; }

    /// <summary>Promised pushes that a newer one made worthless.</summary>
    public required int Superseded { get; init; }

    /// <summary>Promised pushes given up, each with its reason.</summary>
    public required int DeadLettered { get; init; }

    /// <summary>Promised pushes still in a queue.</summary>
    public required int Waiting { get; init; }

    /// <summary>Promised pushes of which nothing is known: the promise broken.</summary>
    public required int Lost { get; init; }

    /// <summary>Handovers beyond the first of a promised push.</summary>
    public required int Duplicated { get; init; }

    /// <summary>Handovers that nobody was promised, or that the device could not read.</summary>
    public required int Misdirected { get; init; }

    /// <summary>Handovers after the push's own expiry.</summary>
    public required int Late { get; init; }

    /// <summary>Some of the lost; at most <see cref="LedgerChecker.NamedMax"/>.</summary>
    public required IReadOnlyList<PushKey> LostKeys { get; init; }

    /// <summary>Some of the duplicated.</summary>
    public required IReadOnlyList<PushKey> DuplicatedKeys { get; init; }

    /// <summary>Some of the misdirected.</summary>
    public required IReadOnlyList<PushKey> MisdirectedKeys { get; init; }

    /// <summary>Some of the late.</summary>
    public required IReadOnlyList<PushKey> LateKeys { get; init; }

    /// <summary>True when the promise was kept and nothing went astray: nothing lost, misdirected or late, and no more duplicates than allowed.</summary>
    public bool Holds(int duplicatesAllowed) => Lost == 0 && Misdirected == 0 && Late == 0 && Duplicated <= duplicatesAllowed;
}
