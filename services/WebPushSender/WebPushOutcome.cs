using Sotto.Delivery;
using Sotto.VendorHttp;
using Sotto.WebPush;

namespace WebPushSender;

/// <summary>
/// What one push server says, in our words: the tables of providers.md sections 7.4 and 8.1. "App" and "provider" mean this server alone;
/// <see cref="OfOneServer"/> says the same to the queue, which serves them all.
/// </summary>
internal static class WebPushOutcome
{
    public static readonly RetryPace Failed = new(TimeSpan.FromSeconds(10));

    // ntfy: no phone has subscribed to this topic yet.
    private static readonly RetryPace NoSubscriber = new(TimeSpan.FromHours(1));

    public static DeliveryOutcome Of(WebPushResponse response, Uri endpoint, DateTimeOffset now)
    {
        if (response.Silence is Silences.TooLate)
            return new DeliveryOutcome.Postponed(Silences.TooLate, TimeSpan.Zero);
        if (response.Silence is { } silence)
            return new DeliveryOutcome.RetryLater(silence, Failed);
        var reason = response.ReasonFor(endpoint) is { } word ? $"{response.Status} {word}" : $"status {response.Status}";
        var told = RetryAfter.Read(response.RetryAfter, now);
        return response.Status switch
        {
            >= 200 and < 300 => new DeliveryOutcome.Delivered(),
            // Never followed: it would lead past every check that the endpoint has passed.
            >= 300 and < 400 => new DeliveryOutcome.RetryLater($"redirect {response.Status}", Failed),
            _ when response.IsKeyMismatch => new DeliveryOutcome.TokenDead($"{response.Status} VAPID key mismatch", LooksLikeOurs: true),
            401 or 403 => new DeliveryOutcome.CredentialBad(reason),
            404 or 410 => new DeliveryOutcome.TokenDead(reason),
            // Edge says 406 where others say 429.
            406 or 429 => new DeliveryOutcome.Throttled(ThrottleScope.App, reason, Failed, told),
            >= 400 and < 500 => new DeliveryOutcome.PayloadBad(reason),
            507 => new DeliveryOutcome.RetryLater(reason, NoSubscriber, told),
            _ => new DeliveryOutcome.RetryLater(reason, Failed, told),
        };
    }

    /// <summary>The same for the queue: whatever one server says, the others go on.</summary>
    public static DeliveryOutcome OfOneServer(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Throttled throttled => throttled with { Scope = ThrottleScope.Part },
        DeliveryOutcome.CredentialBad bad => bad with { Scope = CredentialScope.Part },
        DeliveryOutcome.RetryLater later => later with { OfPart = true },
        _ => outcome,
    };
}
