using Sotto.Delivery;
using Sotto.Fcm;
using Sotto.VendorHttp;

namespace FcmSender;

/// <summary>Google's words in ours: the tables of providers.md sections 4.2 and 4.4.</summary>
internal static class FcmOutcome
{
    private static readonly RetryPace Failed = new(TimeSpan.FromSeconds(10));
    private static readonly RetryPace OverQuota = new(TimeSpan.FromSeconds(60));

    public static DeliveryOutcome Of(FcmResponse response, DateTimeOffset now)
    {
        if (response.NoAccess is { } access)
            return OfNoAccess(access, now);
        if (response.Silence is Silences.TooLate)
            return new DeliveryOutcome.Postponed(Silences.TooLate, TimeSpan.Zero);
        if (response.Silence is { } silence)
            return new DeliveryOutcome.RetryLater(silence, Failed, response.ResumesIn);
        var reason = response.ErrorCode ?? response.ErrorStatus ?? $"status {response.Status}";
        var told = RetryAfter.Read(response.RetryAfter, now);
        return (response.Status, response.ErrorCode) switch
        {
            (200, _) when response.Name is not null => new DeliveryOutcome.Delivered(),
            (404, "UNREGISTERED") => new DeliveryOutcome.TokenDead(reason),
            (404, null) => new DeliveryOutcome.CredentialBad(reason),
            (400, "INVALID_ARGUMENT" or null) when response.BlamesToken => new DeliveryOutcome.TokenDead(reason, LooksLikeOurs: true),
            // Apple's and the browsers' side of the project; Android goes on.
            (401, "THIRD_PARTY_AUTH_ERROR" or "APNS_AUTH_ERROR") => new DeliveryOutcome.CredentialBad(reason, CredentialScope.Part),
            (401, null) => new DeliveryOutcome.AuthRefresh(reason),
            (403, "SENDER_ID_MISMATCH") => new DeliveryOutcome.TokenDead(reason, LooksLikeOurs: true),
            (403, null) when response.ErrorStatus is "PERMISSION_DENIED" => new DeliveryOutcome.CredentialBad(reason),
            (429, _) => new DeliveryOutcome.Throttled(response.IsDeviceQuota ? ThrottleScope.Token : ThrottleScope.App, reason, OverQuota, told),
            ( >= 400 and < 500, _) when !response.IsPage => new DeliveryOutcome.PayloadBad(reason),
            _ => new DeliveryOutcome.RetryLater(reason, Failed, told),
        };
    }

    internal static DeliveryOutcome OfNoAccess(AccessTokenAnswer access, DateTimeOffset now)
    {
        var answer = access.Answer;
        var reason = $"access token: {access.Error ?? answer.Silence ?? $"status {answer.Status}"}";
        if (access.Error is not null && answer.Status is >= 400 and < 500 and not 429)
            return new DeliveryOutcome.CredentialBad(reason);
        return new DeliveryOutcome.RetryLater(reason, Failed, RetryAfter.Read(answer.RetryAfter, now) ?? answer.ResumesIn);
    }
}
