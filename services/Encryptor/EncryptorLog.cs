namespace Encryptor;

/// <summary>Events 4000 to 4099. No account, token, key or message is ever a parameter here.</summary>
internal static partial class EncryptorLog
{
    [LoggerMessage(4000, LogLevel.Error, "A message was set aside as poison: {Reason}")]
    public static partial void MessageMalformed(this ILogger logger, string reason);

    [LoggerMessage(4001, LogLevel.Error, "Subscription {SubscriptionId} r{Revision} was set aside as poison: {Reason}")]
    public static partial void SubscriptionRefused(this ILogger logger, Guid? subscriptionId, long? revision, string reason);

    [LoggerMessage(4002, LogLevel.Error, "Subscription {SubscriptionId} cannot be sealed for: its stored key does not open; have it published again")]
    public static partial void KeyUnreadable(this ILogger logger, Guid subscriptionId);

    [LoggerMessage(4003, LogLevel.Information, "A new duplicate window has begun")]
    public static partial void WindowRotated(this ILogger logger);

    [LoggerMessage(4004, LogLevel.Information, "{Count} expired subscriptions were deleted")]
    public static partial void Swept(this ILogger logger, int count);

    [LoggerMessage(4005, LogLevel.Warning, "Housekeeping did not succeed ({Error}); it is tried again in {Pause}")]
    public static partial void HousekeepingFailed(this ILogger logger, string error, TimeSpan pause);
}
