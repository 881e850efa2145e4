using Sotto.Apns;
using Sotto.Delivery;
using Sotto.VendorHttp;

namespace ApnsSender;

/// <summary>Apple's words in ours: the table of providers.md section 3.5.</summary>
internal static class ApnsOutcome
{
    private static readonly RetryPace Lost = new(TimeSpan.FromSeconds(1));
    private static readonly RetryPace Failed = new(TimeSpan.FromMinutes(15));
    private static readonly RetryPace ShutDown = Failed with { Quick = TimeSpan.FromSeconds(5) };
    private static readonly RetryPace TooMany = new(TimeSpan.FromSeconds(60));

    public static DeliveryOutcome Of(ApnsResponse response, DateTimeOffset now)
    {
        if (response.Silence is Silences.TooLate)
            return new DeliveryOutcome.Postponed(Silences.TooLate, TimeSpan.Zero);
        if (response.Silence is { } silence)
            return new DeliveryOutcome.RetryLater(silence, Lost, response.ResumesIn);
        var reason = response.Reason ?? $"status {response.Status}";
        var told = RetryAfter.Read(response.RetryAfter, now);
        return (response.Status, response.Reason) switch
        {
            (200, _) when response.IsStrange => new DeliveryOutcome.RetryLater("not an answer of Apple", Failed, told),
            (200, _) => new DeliveryOutcome.Delivered(),
            (400, "BadDeviceToken" or "DeviceTokenNotForTopic") => new DeliveryOutcome.TokenDead(reason, LooksLikeOurs: true),
            (400, "BadTopic" or "MissingTopic" or "TopicDisallowed") => new DeliveryOutcome.CredentialBad(reason),
            (400, "IdleTimeout") => new DeliveryOutcome.RetryLater(reason, Lost, told),
            (403, "ExpiredProviderToken" or "UnrelatedKeyIdInToken") => new DeliveryOutcome.AuthRefresh(reason),
            (403, "InvalidProviderToken" or "MissingProviderToken" or "BadCertificate" or "BadCertificateEnvironment"
                // Both spellings are seen.
                or "BadEnvironmentKeyIdInToken" or "BadEnvironmentKeyInToken" or "Forbidden") => new DeliveryOutcome.CredentialBad(reason),
            (410, "Unregistered" or "ExpiredToken") => new DeliveryOutcome.TokenDead(reason, response.Timestamp),
            (429, "TooManyProviderTokenUpdates") => new DeliveryOutcome.Throttled(ThrottleScope.Provider, reason, TooMany, told),
            (429, _) => new DeliveryOutcome.Throttled(ThrottleScope.Token, reason, TooMany, told),
            (503, "Shutdown") => new DeliveryOutcome.RetryLater(reason, ShutDown, told),
            ( >= 400 and < 500, _) => new DeliveryOutcome.PayloadBad(reason),
            _ => new DeliveryOutcome.RetryLater(reason, Failed, told),
        };
    }
}
