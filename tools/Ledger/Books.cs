namespace Sotto.Ledger;

/// <summary>The three ledgers of a run, each written by a witness of its own, and read together by <see cref="LedgerChecker"/>.</summary>
/// <remarks>Thread-safe for writing; read it when the writers are done.</remarks>
public sealed class Books
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PushKey, Acceptance> _accepted = [];
    private readonly List<Handover> _taken = [];
    private readonly Dictionary<PushKey, Ending> _ended = [];

    /// <summary>What was accepted: once per key; a repetition changes nothing.</summary>
    public IReadOnlyDictionary<PushKey, Acceptance> Accepted => _accepted;

    /// <summary>What the providers took, in the order in which they did, repetitions included.</summary>
    public IReadOnlyList<Handover> Taken => _taken;

    /// <summary>What ended without a provider taking it, or still waits.</summary>
    public IReadOnlyDictionary<PushKey, Ending> Ended => _ended;

    /// <summary>A push was promised: the listener had its confirm, or the API answered.</summary>
    /// <param name="key">Which.</param>
    /// <param name="at">When.</param>
    /// <param name="expiresAt">After this the push may no longer be handed over; null when it does not expire within the run.</param>
    public void Accept(PushKey key, DateTimeOffset at, DateTimeOffset? expiresAt = null)
    {
        lock (_lock)
            _accepted.TryAdd(key, new Acceptance(at, expiresAt));
    }

    /// <summary>A provider answered that it took a push.</summary>
    /// <param name="device">Whose device token was named.</param>
    /// <param name="message">What that device's own key opened; null when it opened nothing, which is a push for somebody else.</param>
    /// <param name="at">When.</param>
    public void Take(string device, string? message, DateTimeOffset at)
    {
        lock (_lock)
            _taken.Add(new Handover(device, message, at));
    }

    /// <summary>A push ended otherwise, or is known to wait. The last word counts.</summary>
    public void End(PushKey key, EndingKind kind, string reason = "")
    {
        lock (_lock)
            _ended[key] = new Ending(kind, reason);
    }
}

/// <summary>When a push was promised, and until when it is worth anything.</summary>
public sealed record Acceptance(DateTimeOffset At, DateTimeOffset? ExpiresAt);

/// <summary>What a provider took: for which device, and the message that this device could read in it.</summary>
public sealed record Handover(string Device, string? Message, DateTimeOffset At);

/// <summary>How a push ended without a provider.</summary>
public sealed record Ending(EndingKind Kind, string Reason);

/// <summary>The endings other than a provider's yes.</summary>
public enum EndingKind
{
    /// <summary>Its time was over before a provider took it.</summary>
    Expired,

    /// <summary>A newer push made it worthless.</summary>
    Superseded,

    /// <summary>Given up, and kept with its reason.</summary>
    DeadLettered,

    /// <summary>Still in a queue when the books were closed.</summary>
    Waiting,
}
