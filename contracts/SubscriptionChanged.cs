namespace Sotto.Contracts;

/// <summary>Event: a device's wish to be woken was added, renewed or withdrawn. Said by SubscriptionApi through its outbox.</summary>
/// <remarks>
/// <see cref="Revision"/> only grows for one subscription. Consumers apply a change only if its revision is greater than
/// the one they hold, so neither order nor repetition matters.
/// </remarks>
public sealed record SubscriptionChanged
{
    /// <summary>Names the subscription: one account on one device through one provider. Random.</summary>
    public required Guid SubscriptionId { get; init; }

    /// <summary>Grows with each change of this subscription; compare, never count.</summary>
    public required long Revision { get; init; }

    /// <summary>True when the device no longer wants to be woken; the other fields then repeat the last wish.</summary>
    public required bool Withdrawn { get; init; }

    /// <summary>Account id, 33 bytes: network prefix, then key.</summary>
    public required byte[] Account { get; init; }

    /// <summary>The provider that reaches the device; see <see cref="Contracts.Provider"/>.</summary>
    public required string Provider { get; init; }

    /// <summary>32 bytes that recognise the device's token again without revealing it: a hash keyed by the provider's sender.</summary>
    public required byte[] DeviceId { get; init; }

    /// <summary>The device token, sealed to the provider's sender. Opaque to everyone else.</summary>
    public required byte[] SealedDeviceToken { get; init; }

    /// <summary>The device's 32-byte envelope key, sealed to the Encryptor. Opaque to everyone else.</summary>
    public required byte[] SealedEnvelopeKey { get; init; }

    /// <summary>The namespaces to be woken for, strictly ascending, at least one.</summary>
    public required short[] Namespaces { get; init; }

    /// <summary>Whether the device wants message data in its notifications.</summary>
    public required bool WantsData { get; init; }

    /// <summary>The client's authorization to monitor the account, replayed to the storage servers as it is.</summary>
    public required MonitorAuthorization Authorization { get; init; }

    /// <summary>After this instant the subscription is void: 14 days after the signature (session-v2 section 3.5).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <inheritdoc/>
    // A record would print every property, the account included.
    public override string ToString() => $"{nameof(SubscriptionChanged)} {SubscriptionId} r{Revision}";
}

/// <summary>A client-signed MONITOR authorization (session-v2 section 3.1). It covers the namespaces and the data flag of its subscription.</summary>
public sealed record MonitorAuthorization
{
    /// <summary>32-byte Ed25519 key of a <c>05</c> account; null for every other prefix.</summary>
    public byte[]? SessionEd25519 { get; init; }

    /// <summary>36-byte subaccount token; null when the account itself signed.</summary>
    public byte[]? SubaccountToken { get; init; }

    /// <summary>64-byte signature of the account over the subaccount token; present exactly when the token is.</summary>
    public byte[]? SubaccountSignature { get; init; }

    /// <summary>When the client signed, in unix seconds; part of the signed text.</summary>
    public required long SignedAtSeconds { get; init; }

    /// <summary>64-byte Ed25519 signature over the MONITOR text.</summary>
    public required byte[] Signature { get; init; }

    /// <inheritdoc/>
    public override string ToString() => nameof(MonitorAuthorization);
}
