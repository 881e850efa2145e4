using Microsoft.Extensions.Logging;

namespace Sotto.Delivery;

/// <summary>Events 5000 to 5099. No token, device id, payload or key is ever a parameter here.</summary>
internal static partial class DeliveryLog
{
    [LoggerMessage(5000, LogLevel.Error, "The queue of {Provider} is paused for {Pause}: {Outcome} {Reason}. Its pushes stay in the queue")]
    public static partial void QueuePaused(this ILogger logger, string provider, string outcome, string reason, TimeSpan pause);

    [LoggerMessage(5001, LogLevel.Warning, "The queue of {Provider} is paused for {Pause}: the provider does not answer or fails ({Reason}). Its pushes stay in the queue")]
    public static partial void QueuePausedByOutage(this ILogger logger, string provider, string reason, TimeSpan pause);

    [LoggerMessage(5002, LogLevel.Information, "{Provider} takes pushes again")]
    public static partial void QueueResumed(this ILogger logger, string provider);

    [LoggerMessage(5003, LogLevel.Error, "So many tokens of {Provider} are said to be dead ({Reason}) that a wrong setting of ours is more likely: none is retired for this reason until it is over")]
    public static partial void DeadTokensDoubted(this ILogger logger, string provider, string reason);

    [LoggerMessage(5004, LogLevel.Warning, "Push {PushId} for {Provider} is a dead letter after {Attempts} attempts: {Outcome} {Reason}")]
    public static partial void DeadLettered(this ILogger logger, Guid pushId, string provider, int attempts, string outcome, string reason);

    [LoggerMessage(5005, LogLevel.Debug, "Push {PushId} for {Provider}: attempt {Attempt} ended as {Outcome} {Reason}")]
    public static partial void Attempted(this ILogger logger, Guid pushId, string provider, int attempt, string outcome, string reason);

    [LoggerMessage(5006, LogLevel.Debug, "Push {PushId} for {Provider} is parked for {Rung}")]
    public static partial void Parked(this ILogger logger, Guid pushId, string provider, TimeSpan rung);

    [LoggerMessage(5007, LogLevel.Debug, "Push {PushId} for {Provider} expired at {ExpiresAt}")]
    public static partial void Expired(this ILogger logger, Guid pushId, string provider, DateTimeOffset expiresAt);

    [LoggerMessage(5008, LogLevel.Error, "An attempt for {Provider} ended in a fault of our own: {Fault}. The push is tried again")]
    public static partial void AttemptFaulted(this ILogger logger, string provider, string fault);

    [LoggerMessage(5009, LogLevel.Error, "A part of the devices of {Provider} is out of reach: {Reason}. Their pushes are parked, the others go on")]
    public static partial void PartOutOfReach(this ILogger logger, string provider, string reason);

    [LoggerMessage(5010, LogLevel.Error, "A push in the queue of {Provider} is not one ({Why}); it is set aside as poison")]
    public static partial void NotAPush(this ILogger logger, string provider, string why);

    [LoggerMessage(5012, LogLevel.Debug, "Push {PushId} for {Provider}: the device may be gone ({Reason}); it is asked once more before that is believed")]
    public static partial void Suspected(this ILogger logger, Guid pushId, string provider, string reason);

    [LoggerMessage(5013, LogLevel.Information, "New credentials of {Provider} app {App} are tried with the next push")]
    public static partial void CredentialOffered(this ILogger logger, string provider, string app);

    [LoggerMessage(5014, LogLevel.Information, "The new credentials of {Provider} app {App} are in use")]
    public static partial void CredentialTaken(this ILogger logger, string provider, string app);

    [LoggerMessage(5015, LogLevel.Error, "The new credentials of {Provider} app {App} are not used, those from before stay in use: {Why}")]
    public static partial void CredentialRefused(this ILogger logger, string provider, string app, string why);

    [LoggerMessage(5016, LogLevel.Error, "The credentials of {Provider} app {App} end at {EndsAt}: nothing is sent after that. Renew them")]
    public static partial void CredentialEnds(this ILogger logger, string provider, string app, DateTimeOffset endsAt);

    [LoggerMessage(5011, LogLevel.Warning, "The queue of {Provider} could not be stopped or started ({Fault}); trying again")]
    public static partial void SwitchFailed(this ILogger logger, string provider, string fault);
}
