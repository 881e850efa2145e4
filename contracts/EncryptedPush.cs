namespace Sotto.Contracts;

/// <summary>Command: hand these opaque bytes to this device through this provider, before this instant. The waist of the system.</summary>
/// <remarks>A source ends in it and a sender begins with it; neither knows the other. Delivering it twice is harmless to the device.</remarks>
public sealed record EncryptedPush
{
    /// <summary>Names this push in logs, traces and provider requests. Says nothing of account or message to anyone without the Encryptor's key.</summary>
    public required Guid PushId { get; init; }

    /// <summary>The provider that reaches the device; see <see cref="Contracts.Provider"/>.</summary>
    public required string Provider { get; init; }

    /// <summary>Recognises the device's token without revealing it; see <see cref="SubscriptionChanged.DeviceId"/>. 32 bytes.</summary>
    public required byte[] DeviceId { get; init; }

    /// <summary>The device token, sealed to the provider's sender.</summary>
    public required byte[] SealedDeviceToken { get; init; }

    /// <summary>What only the device can open: for Session, nonce (24 bytes), ciphertext and tag. Opaque to the sender.</summary>
    public required byte[] Payload { get; init; }

    /// <summary>How much it matters that the device wakes now.</summary>
    public PushUrgency Urgency { get; init; } = PushUrgency.High;

    /// <summary>After this instant the push is worthless and is dropped and counted as expired, never sent.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When a source took the message from its wire; for measuring only.</summary>
    public DateTimeOffset HeardAt { get; init; }

    /// <summary>How often senders have tried to hand this push over before; grows by one with each parking.</summary>
    public int Attempt { get; init; }

    /// <summary>When the first attempt was made; null before it.</summary>
    public DateTimeOffset? FirstAttemptAt { get; init; }

    /// <summary>
    /// When the provider first called the device dead in a way that a fault of ours, or a moment's confusion of its own, would look like as well; null before it. The same answer once more,
    /// a while later, is believed.
    /// </summary>
    public DateTimeOffset? SuspectedAt { get; init; }

    /// <summary>What was tried before, the oldest first: the latest <see cref="PushAttempt.KeptMax"/> of them. Null before the first.</summary>
    public IReadOnlyList<PushAttempt>? PastAttempts { get; init; }

    /// <inheritdoc/>
    // A record would print every property, the payload included.
    public override string ToString() => $"{nameof(EncryptedPush)} {PushId}";
}

/// <summary>One attempt at handing a push over that did not succeed.</summary>
public sealed record PushAttempt
{
    /// <summary>How many attempts a push remembers; earlier ones are counted and forgotten. With the default waits a push makes about a dozen in its hour.</summary>
    public const int KeptMax = 20;

    /// <summary>When it was begun.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Outcome class, such as <c>RETRY_LATER</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>The provider's own reason, cut to 128 characters of <c>[A-Za-z0-9_.:-]</c> and spaces; empty when it gave none.</summary>
    public required string Reason { get; init; }
}

/// <summary>How much it matters that the device wakes now; each sender says it in its vendor's words.</summary>
public enum PushUrgency
{
    /// <summary>May wait until the device is awake anyway.</summary>
    Normal,

    /// <summary>Wake the device now: a person is waiting for this.</summary>
    High,
}
