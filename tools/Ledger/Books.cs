namespace Sotto.Ledger;

/// <summary>The three ledgers of a run, each written by a witness of its own, and read together by <see cref="LedgerChecker"/>.</summary>
/// <remarks>Thread-safe for writing; read it when the writers are done.</remarks>
public sealed class Books
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PushKey, Acceptance> _accepted = [];
    private readonly List<Handover> _taken = [];
    private readonly Dictionary<PushKey, Ending> _ended = [];
    private readonly HashSet<PushKey> _permitted = [];
    private readonly List<Disturbance> _disturbances = [];
    private readonly List<Disturbance> _delays = [];

    /// <summary>What was accepted: once per key; a repetition changes nothing.</summary>
    public IReadOnlyDictionary<PushKey, Acceptance> Accepted => _accepted;

    /// <summary>What the providers took, in the order in which they did, repetitions included.</summary>
    public IReadOnlyList<Handover> Taken => _taken;

    /// <summary>What ended without a provider taking it, or still waits.</summary>
    public IReadOnlyDictionary<PushKey, Ending> Ended => _ended;

    /// <summary>What was never promised and may be handed over all the same.</summary>
    public IReadOnlySet<PushKey> Permitted => _permitted;

    /// <summary>When something happened after which what was in flight may come twice.</summary>
    public IReadOnlyList<Disturbance> Disturbances => _disturbances;

    /// <summary>When a sender's look at the clock could not be trusted, or lay long before its request.</summary>
    public IReadOnlyList<Disturbance> Delays => _delays;

    /// <summary>A push was promised: the listener had its confirm, or the API answered.</summary>
    /// <param name="key">Which.</param>
    /// <param name="at">When.</param>
    /// <param name="expiresAt">After this the push may no longer be handed over; null when it does not expire within the run.</param>
    public void Accept(PushKey key, DateTimeOffset at, DateTimeOffset? expiresAt = null)
    {
        lock (_lock)
            _accepted.TryAdd(key, new Acceptance(at, expiresAt));
    }

    /// <summary>A push that may be handed over or not: its message was told while nobody confirmed it, or its device was coming or going.</summary>
    public void Permit(PushKey key)
    {
        lock (_lock)
            _permitted.Add(key);
    }

    /// <summary>Something happened after which each push that was in flight may come once more.</summary>
    /// <param name="from">When it began.</param>
    /// <param name="until">When what follows from it was over.</param>
    /// <param name="provider">Whose pushes it touches; null for all.</param>
    /// <param name="times">How often one push may come again for it.</param>
    public void Disturb(DateTimeOffset from, DateTimeOffset until, string? provider = null, int times = 1)
    {
        lock (_lock)
            _disturbances.Add(new Disturbance(from, until, provider, times));
    }

    /// <summary>A handover in this time may come after the push's expiry: the sender's clock was wrong, or it stood still between clock and request.</summary>
    /// <param name="from">When it began.</param>
    /// <param name="until">When it was over.</param>
    /// <param name="provider">Whose sender; null for all.</param>
    public void Delay(DateTimeOffset from, DateTimeOffset until, string? provider = null)
    {
        lock (_lock)
            _delays.Add(new Disturbance(from, until, provider, Times: 1));
    }

    /// <summary>A provider answered that it took a push.</summary>
    /// <param name="device">Whose device token was named.</param>
    /// <param name="message">What that device's own key opened; null when it opened nothing, which is a push for somebody else.</param>
    /// <param name="at">When.</param>
    /// <param name="provider">Which provider.</param>
    /// <param name="answerLost">True when the sender never had the answer, so that it must try again.</param>
    public void Take(string device, string? message, DateTimeOffset at, string provider = "", bool answerLost = false)
    {
        lock (_lock)
            _taken.Add(new Handover(device, message, at, provider, answerLost));
    }

    /// <summary>A push ended otherwise, or is known to wait. The last word counts.</summary>
    public void End(PushKey key, EndingKind kind, string reason = "", DateTimeOffset? at = null)
    {
        lock (_lock)
            _ended[key] = new Ending(kind, reason, at);
    }
}

/// <summary>When a push was promised, and until when it is worth anything.</summary>
public sealed record Acceptance(DateTimeOffset At, DateTimeOffset? ExpiresAt);

/// <summary>What a provider took: for which device, and the message that this device could read in it.</summary>
public sealed record Handover(string Device, string? Message, DateTimeOffset At, string Provider = "", bool AnswerLost = false);

/// <summary>A time in which what was in flight may come once more; of one provider's pushes, or of all.</summary>
public sealed record Disturbance(DateTimeOffset From, DateTimeOffset Until, string? Provider, int Times);

/// <summary>How a push ended without a provider.</summary>
public sealed record Ending(EndingKind Kind, string Reason, DateTimeOffset? At = null);

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
