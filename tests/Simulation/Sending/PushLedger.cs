using Simulation.Running;
using Sotto.Contracts;
using Sotto.Delivery;

namespace Simulation.Sending;

/// <summary>What became of every push, and the promises about it. Knows nothing of how senders work.</summary>
internal sealed class PushLedger(Scheduler scheduler, ParkingLadder ladder, TimeSpan budget)
{
    // Retries are jittered down to half, and the ladder may give half of that again.
    private const int PaceShare = 4;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private readonly Dictionary<Guid, Entry> _entries = [];
    private int _parked;

    /// <summary>Pushes that came twice because of something that happened, whatever senders do.</summary>
    public int RepeatsMax { get; private set; }

    public void Sent(EncryptedPush push) => _entries.Add(push.PushId, new Entry(_entries.Count, push));

    /// <summary>Its copy may be delivered again: what is in hand dies with its process, and so does what a process knew of it.</summary>
    public void MayRepeat(Guid pushId)
    {
        RepeatsMax++;
        _entries[pushId].MayBeTwice = true;
    }

    public void AttemptBegins(EncryptedPush push)
    {
        var entry = _entries[push.PushId];
        entry.LastAttemptAt = Now;
        if (push.ExpiresAt <= Now)
            scheduler.Break($"push {entry.Number} was sent after it had expired");
        if (Now < entry.NotBefore && !entry.MayBeTwice)
            scheduler.Break($"push {entry.Number} was sent {(entry.NotBefore - Now).TotalSeconds:0} s before its provider allows");
    }

    public void AttemptEnds(EncryptedPush push, DeliveryOutcome outcome)
    {
        var entry = _entries[push.PushId];
        entry.Outcome = outcome;
        // What is said of all pushes is the gate's to keep: see GateWatch.
        entry.NotBefore = Now + (outcome is DeliveryOutcome.RetryLater or DeliveryOutcome.Throttled { Scope: ThrottleScope.Token } ? Told(outcome) ?? TimeSpan.Zero : TimeSpan.Zero);
        if (outcome is DeliveryOutcome.Delivered or DeliveryOutcome.Dropped)
            entry.Accepted++;
    }

    /// <summary>A sender decides to park it; while the broker is away it may take long until it is.</summary>
    public void ParkingAsked(EncryptedPush push, TimeSpan rung)
    {
        if (Now + rung >= push.ExpiresAt)
            scheduler.Break($"push {NumberOf(push)} is parked beyond its expiry");
    }

    public void Parked(EncryptedPush push, TimeSpan rung)
    {
        var entry = _entries[push.PushId];
        var due = Now + rung;
        _parked++;
        entry.Parkings++;
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"push {entry.Number} is parked for {rung.TotalSeconds} s, attempt {push.Attempt}");
        if (rung > ParkingLadder.RungMax)
            scheduler.Break($"push {entry.Number} is parked for more than {ParkingLadder.RungMax}");
        if (_parked > _entries.Count + RepeatsMax)
            scheduler.Break("more pushes are parked than there are");
        // Another copy may have been answered in the meantime.
        if (entry.MayBeTwice)
            return;
        if (push.FirstAttemptAt != (entry.RetriedSince ??= push.FirstAttemptAt))
            scheduler.Break($"push {entry.Number} forgot when it was first tried");
        if (due < entry.NotBefore && rung < ladder.Rungs[^1])
            scheduler.Break($"push {entry.Number} is parked for {rung.TotalSeconds:0} s, but its provider asked for {(entry.NotBefore - Now).TotalSeconds:0} s");
        // Without an attempt since, it only waits for the gate.
        if (entry.Outcome is DeliveryOutcome.RetryLater later && push.Attempt > entry.Attempts)
            CheckRetry(entry, push, rung, later);
        entry.Attempts = push.Attempt;
    }

    public void Returned() => _parked--;

    /// <summary>How often it was parked so far.</summary>
    public int ParkingsOf(EncryptedPush push) => _entries[push.PushId].Parkings;

    /// <summary>A frame with it is acknowledged: by then it must have ended, or been parked since it was delivered.</summary>
    public void Acknowledged(EncryptedPush push, int parkingsBefore)
    {
        var entry = _entries[push.PushId];
        // A copy that waits for another one in hand is done when that one is.
        if (!entry.MayBeTwice && entry.Accepted + entry.Expired + entry.DeadLettered == 0 && entry.Parkings == parkingsBefore)
            scheduler.Break($"push {entry.Number} was acknowledged, and is nowhere");
    }

    public void Expired(Guid pushId)
    {
        var entry = _entries[pushId];
        var push = entry.Push;
        entry.Expired++;
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"push {entry.Number} expires");
        // It may be dropped early when no rung that ends before its expiry is long enough.
        var left = push.ExpiresAt - Now - Moment;
        var longest = ladder.Rungs.LastOrDefault(rung => rung <= left - Moment);
        if (entry is { Outcome: not null, MayBeTwice: false } && left > Moment && longest >= Longer(entry.WaitMax / 2, Told(entry.Outcome) ?? TimeSpan.Zero))
            scheduler.Break($"push {entry.Number} was dropped {left.TotalSeconds:0} s before its expiry");
    }

    public void DeadLettered(PushDeadLettered letter)
    {
        var entry = _entries[letter.PushId];
        entry.DeadLettered++;
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"push {entry.Number} is a dead letter: {letter.Outcome}");
        if (entry.MayBeTwice)
            return;
        var isJust = entry.Outcome switch
        {
            DeliveryOutcome.TokenDead or DeliveryOutcome.PayloadBad => true,
            DeliveryOutcome.RetryLater or DeliveryOutcome.Throttled => (letter.Push.FirstAttemptAt ?? entry.LastAttemptAt) + budget - Now < entry.WaitMax + Moment,
            _ => false,
        };
        if (!isJust)
            scheduler.Break($"push {entry.Number} is a dead letter after {entry.Outcome?.Class ?? "nothing"}");
    }

    /// <summary>Every push has come to an end, and none to more ends than what happened explains.</summary>
    public void Close()
    {
        var ends = 0;
        foreach (var entry in _entries.Values)
        {
            var itsEnds = entry.Accepted + entry.Expired + entry.DeadLettered;
            ends += itsEnds;
            if (itsEnds == 0)
                scheduler.Break($"push {entry.Number} is lost: last answer {entry.Outcome?.Class ?? "none"}, {_parked} parked");
            if (itsEnds > 1 && !entry.MayBeTwice)
                scheduler.Break($"push {entry.Number} came to {itsEnds} ends, and nothing had happened to it");
        }

        if (ends - _entries.Count > RepeatsMax)
            scheduler.Break($"{ends - _entries.Count} ends too many, where what happened explains {RepeatsMax}");
    }

    public int NumberOf(EncryptedPush push) => _entries[push.PushId].Number;

    private DateTimeOffset Now => scheduler.Time.GetUtcNow();

    private void CheckRetry(Entry entry, EncryptedPush push, TimeSpan rung, DeliveryOutcome.RetryLater later)
    {
        var grown = later.Pace.Base * Math.Pow(2, Math.Min(push.Attempt - 1, 20));
        var least = (grown < later.Pace.Cap ? grown : later.Pace.Cap) / PaceShare;
        if (rung < least && rung < ladder.Rungs[^1])
            scheduler.Break($"push {entry.Number} waits {rung.TotalSeconds:0} s after {push.Attempt} attempts, less than {least.TotalSeconds:0.0} s");
        if (Now + rung > push.FirstAttemptAt + budget + Moment)
            scheduler.Break($"push {entry.Number} is tried for longer than its budget");
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan? Told(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.RetryLater later => later.Told,
        DeliveryOutcome.Throttled throttled => throttled.Told,
        _ => null,
    };

    private sealed class Entry(int number, EncryptedPush push)
    {
        private DeliveryOutcome? _outcome;

        public int Number => number;

        public EncryptedPush Push => push;

        public bool MayBeTwice { get; set; }

        public DateTimeOffset LastAttemptAt { get; set; }

        public DateTimeOffset? RetriedSince { get; set; }

        public DateTimeOffset NotBefore { get; set; } = push.HeardAt;

        public int Attempts { get; set; }

        public int Parkings { get; set; }

        public int Accepted { get; set; }

        public int Expired { get; set; }

        public int DeadLettered { get; set; }

        public int Tries { get; private set; }

        /// <summary>No wait that follows from the last answer is longer.</summary>
        public TimeSpan WaitMax { get; private set; }

        public DeliveryOutcome? Outcome
        {
            get => _outcome;
            set
            {
                _outcome = value;
                var pace = value switch { DeliveryOutcome.RetryLater later => later.Pace, DeliveryOutcome.Throttled throttled => throttled.Pace, _ => new RetryPace(TimeSpan.FromMinutes(5)) };
                var grown = pace.Base * Math.Pow(2, Math.Min(Tries++, 20));
                var own = grown < pace.Cap ? grown : pace.Cap;
                var told = (value is null ? null : Told(value)) ?? TimeSpan.Zero;
                WaitMax = own > told * 1.1 ? own : told * 1.1;
            }
        }
    }
}
