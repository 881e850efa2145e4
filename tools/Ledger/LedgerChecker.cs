namespace Sotto.Ledger;

/// <summary>Reads the books of a run against each other and says what became of every push.</summary>
public static class LedgerChecker
{
    /// <summary>Most keys that a verdict names for each kind of trouble; the counts are exact.</summary>
    public const int NamedMax = 20;

    /// <summary>How long before a disturbance a push may have been handed over that was in flight in it, where the caller does not say.</summary>
    public static readonly TimeSpan InFlightMax = TimeSpan.FromSeconds(30);

    /// <summary>The verdict. Every accepted push is in exactly one of delivered, expired, superseded, dead-lettered, waiting, lost.</summary>
    /// <param name="books">The closed books.</param>
    /// <param name="latenessAllowed">By how much a handover may come after a push's expiry: what lies between a sender's look at the clock and the provider's answer.</param>
    /// <param name="hasteAllowed">By how much a push may be called expired before its time: what the clocks of the run were apart.</param>
    /// <param name="inFlightMax">A disturbance excuses no copy of what was handed over longer before it began; <see cref="InFlightMax"/> by default.</param>
    public static Verdict Check(Books books, TimeSpan latenessAllowed, TimeSpan hasteAllowed = default, TimeSpan? inFlightMax = null)
    {
        var copies = new Dictionary<PushKey, List<Handover>>();
        var misdirected = new List<PushKey>();
        var late = new List<PushKey>();
        foreach (var handover in books.Taken)
        {
            var key = new PushKey(handover.Device, handover.Message ?? "unreadable");
            var isAccepted = books.Accepted.TryGetValue(key, out var acceptance);
            if (handover.Message is null || (!isAccepted && !books.Permitted.Contains(key)))
            {
                misdirected.Add(key);
                continue;
            }

            if (!copies.TryGetValue(key, out var former))
                copies.Add(key, former = []);
            former.Add(handover);
            if (acceptance?.ExpiresAt is { } end && handover.At > end + latenessAllowed && !books.Delays.Any(delay => Covers(delay, handover)))
                late.Add(key);
        }

        var ended = books.Accepted.Where(push => !copies.ContainsKey(push.Key)).ToLookup(push => HowEnded(books, push.Key, push.Value, hasteAllowed), push => push.Key);
        var lost = ended[null].ToList();
        var unexcused = copies.Where(copy => copy.Value.Count > 1).SelectMany(copy => Enumerable.Repeat(copy.Key, Unexcused(books, copy.Value, inFlightMax ?? InFlightMax))).ToList();
        return new Verdict
        {
            Accepted = books.Accepted.Count,
            Delivered = copies.Keys.Count(books.Accepted.ContainsKey),
            Expired = ended[EndingKind.Expired].Count(),
            Superseded = ended[EndingKind.Superseded].Count(),
            DeadLettered = ended[EndingKind.DeadLettered].Count(),
            Waiting = ended[EndingKind.Waiting].Count(),
            Lost = lost.Count,
            Duplicated = copies.Values.Sum(handovers => handovers.Count - 1),
            Unexcused = unexcused.Count,
            Misdirected = misdirected.Count,
            Late = late.Count,
            LostKeys = [.. lost.Take(NamedMax)],
            DuplicatedKeys = [.. copies.Where(copy => copy.Value.Count > 1).Select(copy => copy.Key).Take(NamedMax)],
            UnexcusedKeys = [.. unexcused.Take(NamedMax)],
            MisdirectedKeys = [.. misdirected.Take(NamedMax)],
            LateKeys = [.. late.Take(NamedMax)],
        };
    }

    private static bool Covers(Disturbance delay, Handover handover) =>
        delay.From <= handover.At && delay.Until >= handover.At && (delay.Provider is null || delay.Provider == handover.Provider);

    // Null is lost. Whoever calls a push expired that has time left has lost it.
    private static EndingKind? HowEnded(Books books, PushKey key, Acceptance acceptance, TimeSpan hasteAllowed)
    {
        if (!books.Ended.TryGetValue(key, out var ending))
            return null;
        var isTooSoon = ending is { Kind: EndingKind.Expired, At: { } at } && !(acceptance.ExpiresAt <= at + hasteAllowed);
        return isTooSoon ? null : ending.Kind;
    }

    // One repetition for each disturbance between two handovers that found the former still in flight, and one for each answer that was lost.
    private static int Unexcused(Books books, List<Handover> handovers, TimeSpan inFlightMax)
    {
        var used = new Dictionary<Disturbance, int>(ReferenceEqualityComparer.Instance);
        var unexcused = 0;
        foreach (var (former, next) in handovers.OrderBy(handover => handover.At).Zip(handovers.OrderBy(handover => handover.At).Skip(1)))
        {
            if (former.AnswerLost)
                continue;
            var reason = books.Disturbances.FirstOrDefault(disturbance =>
                disturbance.From <= next.At && disturbance.Until >= former.At && disturbance.From - former.At <= inFlightMax && (disturbance.Provider is null || disturbance.Provider == next.Provider) && used.GetValueOrDefault(disturbance) < disturbance.Times);
            if (reason is null)
                unexcused++;
            else
                used[reason] = used.GetValueOrDefault(reason) + 1;
        }

        return unexcused;
    }
}
