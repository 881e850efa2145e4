using System.Text;
using ApnsSender;
using FcmSender;
using HuaweiSender;
using Sotto.Apns;
using Sotto.Delivery;
using Sotto.Fcm;
using Sotto.Hms;
using Sotto.VendorHttp;
using Sotto.WebPush;
using WebPushSender;

namespace Fuzz;

internal static partial class Targets
{
    // Every status that some provider documents, and some that none does.
    private static readonly int[] Statuses = [0, 200, 201, 301, 400, 401, 403, 404, 405, 406, 410, 413, 429, 500, 502, 503, 507, 599, 999];
    private static readonly string[] RetryAfters = ["", "0", "120", "-1", "99999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "tomorrow"];
    private static readonly Uri PushServer = new("https://push.example/abc");

    /// <summary>Answers of providers: the first two bytes choose status and Retry-After, the rest is the body.</summary>
    private static IReadOnlyList<FuzzTarget> ProviderAnswers =>
    [
        new("apns-answer", JsonWords, input => Kind(ApnsOutcome.Of(ApnsResponse.Read(Answer(input)), Now))) { AllocatedPerByteMax = 256 },
        new("fcm-answer", JsonWords, input => Kind(FcmOutcome.Of(FcmResponse.Read(Answer(input)), Now))) { AllocatedPerByteMax = 256 },
        new("hms-answer", JsonWords, input => Kind(HuaweiOutcome.Of(HmsResponse.Read(Answer(input)), "token", Now))) { AllocatedPerByteMax = 256 },
        new("webpush-answer", [.. JsonWords, "<html>", "\"errno\":"], input => Kind(WebPushOutcome.Of(WebPushAnswer(Answer(input)), PushServer, Now))) { AllocatedPerByteMax = 256 },
        new("access-token", [.. JsonWords, "\"access_token\":", "\"expires_in\":"], AccessTokenText) { AllocatedPerByteMax = 256 },
        new("retry-after", ["Wed, ", "GMT", "21 Oct ", "2026", "07:28:00", " ", "Wednesday, 21-Oct-26"], input =>
            RetryAfter.Read(Encoding.Latin1.GetString(input), Now) is { } wait ? $"{wait > TimeSpan.Zero} {wait == RetryPace.CapDefault}" : "ignored"),
    ];

    private static VendorAnswer Answer(byte[] input)
    {
        var (status, after) = (input.Length > 0 ? input[0] : 0, input.Length > 1 ? input[1] : 0);
        return new VendorAnswer { Status = Statuses[status % Statuses.Length], RetryAfter = RetryAfters[after % RetryAfters.Length], Body = input.AsMemory(Math.Min(2, input.Length)) };
    }

    private static WebPushResponse WebPushAnswer(VendorAnswer answer) =>
        new() { Status = answer.Status, RetryAfter = answer.RetryAfter, Body = Encoding.UTF8.GetString(answer.Body.Span) };

    // The reason is a stranger's word: it must come out clean, whatever went in.
    private static string Kind(DeliveryOutcome outcome)
    {
        if (outcome.Reason.Length > 128 || outcome.Reason.Any(c => c is not (>= ' ' and <= '~')))
            throw new InvalidOperationException("a reason is not clean");
        return $"{outcome.Class} {outcome.Reason[..Math.Min(outcome.Reason.Length, 24)]}";
    }

    // Google's and Huawei's token endpoints; a refusal becomes an outcome.
    private static string AccessTokenText(byte[] input)
    {
        var answer = Answer(input);
        var (google, huawei) = (FcmTokenEndpoint.Read(answer, Now), HmsTokenEndpoint.Read(answer, Now));
        return $"{google.Token is null} {(google.Token is null ? Kind(FcmOutcome.OfNoAccess(google, Now)) : "")} {huawei.Token is null} {(huawei.Token is null ? Kind(HuaweiOutcome.OfNoAccess(huawei, Now)) : "")}";
    }
}
