using Sotto.Delivery;
using Sotto.Hms;
using Sotto.VendorHttp;

namespace HuaweiSender;

/// <summary>Huawei's words in ours: the tables of providers.md sections 5.2 and 5.5. The code counts, whatever the HTTP status; the status only without a code.</summary>
internal static class HuaweiOutcome
{
    private static readonly RetryPace Failed = new(TimeSpan.FromSeconds(10));

    // Flow control tells no time.
    private static readonly RetryPace FlowControl = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

    public static DeliveryOutcome Of(HmsResponse response, string deviceToken, DateTimeOffset now)
    {
        if (response.NoAccess is { } access)
            return OfNoAccess(access, now);
        if (response.Silence is Silences.TooLate)
            return new DeliveryOutcome.Postponed(Silences.TooLate, TimeSpan.Zero);
        if (response.Silence is { } silence)
            return new DeliveryOutcome.RetryLater(silence, Failed, response.ResumesIn);
        var told = RetryAfter.Read(response.RetryAfter, now);
        return response.Code is { } code ? OfCode(code, response, deviceToken, told) : OfStatus(response.Status, told);
    }

    internal static DeliveryOutcome OfNoAccess(AccessTokenAnswer access, DateTimeOffset now)
    {
        var answer = access.Answer;
        var reason = $"access token: {access.Error ?? answer.Silence ?? $"status {answer.Status}"}";
        var told = RetryAfter.Read(answer.RetryAfter, now) ?? answer.ResumesIn;
        return answer.Status switch
        {
            503 or 429 => new DeliveryOutcome.Throttled(ThrottleScope.App, reason, FlowControl, told),
            403 => new DeliveryOutcome.CredentialBad(reason),
            < 500 when access.Error is not null => new DeliveryOutcome.CredentialBad(reason),
            _ => new DeliveryOutcome.RetryLater(reason, Failed, told),
        };
    }

    private static DeliveryOutcome OfCode(string code, HmsResponse response, string deviceToken, TimeSpan? told) => code switch
    {
        HmsCode.Success => new DeliveryOutcome.Delivered(),
        // Some were not taken, and it cannot be read which: ours may be one of them.
        HmsCode.Partial when response.IllegalTokens is null => new DeliveryOutcome.RetryLater(code, Failed, told),
        HmsCode.Partial => response.IllegalTokens!.Contains(deviceToken, StringComparer.Ordinal)
            ? new DeliveryOutcome.TokenDead(code, LooksLikeOurs: true)
            : new DeliveryOutcome.Delivered(),
        "80100001" or "80100002" or "80100003" or "80100004" or "80100013" or "80100016" or "80100018" or "80300008" or "80300010" =>
            new DeliveryOutcome.PayloadBad(code),
        "80100017" => new DeliveryOutcome.Throttled(ThrottleScope.App, code, FlowControl, told),
        HmsCode.AuthenticationFailed or HmsCode.AccessTokenExpired or HmsCode.JwtExpired => new DeliveryOutcome.AuthRefresh(code),
        // Also said of a token of another app: that must neither kill the token nor let one device stop all.
        "80300002" => new DeliveryOutcome.CredentialBad(code, CredentialScope.AppOrDevice),
        HmsCode.HighUrgencyForbidden or "80300013" => new DeliveryOutcome.CredentialBad(code),
        "80300007" => new DeliveryOutcome.TokenDead(code, LooksLikeOurs: true),
        "80600003" or "81000001" => new DeliveryOutcome.RetryLater(code, Failed, told),
        _ when response.Status is >= 400 and < 500 => new DeliveryOutcome.PayloadBad(code),
        _ => new DeliveryOutcome.RetryLater(code, Failed, told),
    };

    private static DeliveryOutcome OfStatus(int status, TimeSpan? told)
    {
        var reason = $"status {status}";
        return status switch
        {
            401 => new DeliveryOutcome.AuthRefresh(reason),
            404 => new DeliveryOutcome.CredentialBad(reason),
            429 or 503 => new DeliveryOutcome.Throttled(ThrottleScope.App, reason, FlowControl, told),
            >= 400 and < 500 => new DeliveryOutcome.PayloadBad(reason),
            _ => new DeliveryOutcome.RetryLater(reason, Failed, told),
        };
    }
}
