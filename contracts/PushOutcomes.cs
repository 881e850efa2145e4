namespace Sotto.Contracts;

/// <summary>Event: the provider took responsibility for this push. Said by its sender.</summary>
public sealed record PushAccepted
{
    /// <summary>See <see cref="EncryptedPush.PushId"/>.</summary>
    public required Guid PushId { get; init; }

    /// <summary>See <see cref="EncryptedPush.Provider"/>.</summary>
    public required string Provider { get; init; }

    /// <summary>When the provider's answer was read.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>How many attempts it took, the successful one included.</summary>
    public required int Attempts { get; init; }
}

/// <summary>Event: this push expired before a provider took it. Said by its sender.</summary>
public sealed record PushExpired
{
    /// <summary>See <see cref="EncryptedPush.PushId"/>.</summary>
    public required Guid PushId { get; init; }

    /// <summary>See <see cref="EncryptedPush.Provider"/>.</summary>
    public required string Provider { get; init; }

    /// <summary>The instant after which it was worthless.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Event: no sender can do more for this push; a person may. Waits, with the untouched push, in the dead-letter queue.</summary>
public sealed record PushDeadLettered
{
    /// <summary>See <see cref="EncryptedPush.PushId"/>.</summary>
    public required Guid PushId { get; init; }

    /// <summary>See <see cref="EncryptedPush.Provider"/>.</summary>
    public required string Provider { get; init; }

    /// <summary>The app at the provider; null when the sender could not tell, and from senders older than this.</summary>
    public string? App { get; init; }

    /// <summary>Outcome class that ended it, such as <c>PAYLOAD_BAD</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>The provider's own reason, cut to 128 characters of <c>[A-Za-z0-9_.:-]</c> and spaces.</summary>
    public required string Reason { get; init; }

    /// <summary>How many attempts were made.</summary>
    public required int Attempts { get; init; }

    /// <summary>The attempts with their times and outcomes, the oldest first, the last one included: the latest <see cref="PushAttempt.KeptMax"/> of them.</summary>
    public IReadOnlyList<PushAttempt> History { get; init; } = [];

    /// <summary>When it was given up.</summary>
    public required DateTimeOffset DeadLetteredAt { get; init; }

    /// <summary>The push as it came, so that it can be replayed.</summary>
    public required EncryptedPush Push { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(PushDeadLettered)} {PushId} {Outcome}";
}

/// <summary>Event: the provider says that this device token can never be reached again. Said by its sender.</summary>
public sealed record DeviceTokenInvalidated
{
    /// <summary>The provider that said so.</summary>
    public required string Provider { get; init; }

    /// <summary>See <see cref="SubscriptionChanged.DeviceId"/>. 32 bytes.</summary>
    public required byte[] DeviceId { get; init; }

    /// <summary>
    /// The provider's own instant of death when it gives one, else the instant at which the failing request was sent.
    /// A subscription of this device renewed after it lives on.
    /// </summary>
    public required DateTimeOffset InvalidSince { get; init; }

    /// <summary>The provider's own reason, such as <c>Unregistered</c>.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(DeviceTokenInvalidated)} {Provider} {Reason}";
}
