namespace Sotto.Contracts;

/// <summary>Request: does this provider take this device? Asked by SubscriptionApi, answered by the provider's own sender.</summary>
/// <remarks>
/// Sent as mandatory to <see cref="Provider.ValidationQueue"/>, which exists only while a sender runs: nobody there is known at once.
/// </remarks>
public sealed record ValidateDeviceToken
{
    /// <summary>The provider asked; see <see cref="Contracts.Provider"/>.</summary>
    public required string Provider { get; init; }

    /// <summary>The client's <c>service_info</c> as compact JSON, sealed to the provider's sender.</summary>
    public required byte[] SealedServiceInfo { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(ValidateDeviceToken)} {Provider}";
}

/// <summary>The sender's answer to <see cref="ValidateDeviceToken"/>.</summary>
public sealed record DeviceTokenValidated
{
    /// <summary>0 when the device is taken; else the error code for the client (session-v2 section 2.3).</summary>
    public required int ErrorCode { get; init; }

    /// <summary>The sentence for the client when <see cref="ErrorCode"/> is not 0. Never contains the token.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>32 bytes that recognise the device again; null on error.</summary>
    public byte[]? DeviceId { get; init; }

    /// <summary>The device token sealed by the sender to itself; null on error.</summary>
    public byte[]? SealedDeviceToken { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(DeviceTokenValidated)} {ErrorCode}";
}
