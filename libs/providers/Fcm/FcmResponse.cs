using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Fcm;

/// <summary>What Google said of one message, or why it said nothing (providers.md section 4.4).</summary>
public sealed record FcmResponse
{
    private const string FcmErrorType = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
    private const string BadRequestType = "type.googleapis.com/google.rpc.BadRequest";
    private const string QuotaFailureType = "type.googleapis.com/google.rpc.QuotaFailure";

    /// <summary>HTTP status; 0 without an answer.</summary>
    public int Status { get; init; }

    /// <summary>The name that Google gave the message; null unless it took it.</summary>
    public string? Name { get; init; }

    /// <summary>The <c>errorCode</c> of the FcmError detail, such as <c>UNREGISTERED</c>; null without one.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The general error status, such as <c>NOT_FOUND</c>.</summary>
    public string? ErrorStatus { get; init; }

    /// <summary>True when the error is about the registration token or installation id itself: its text or a field violation says so.</summary>
    public bool BlamesToken { get; init; }

    /// <summary>True when a quota of one device, not of the project, is exhausted.</summary>
    public bool IsDeviceQuota { get; init; }

    /// <summary>True when there is a body and it is not Google's JSON, such as a front end's page.</summary>
    public bool IsPage { get; init; }

    /// <summary>See <see cref="VendorAnswer.Silence"/>.</summary>
    public string? Silence { get; init; }

    /// <summary>The <c>Retry-After</c> header as it came.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>See <see cref="VendorAnswer.ResumesIn"/>.</summary>
    public TimeSpan? ResumesIn { get; init; }

    /// <summary>Set when the message was not sent because no access token could be had; says what the token endpoint said.</summary>
    public AccessTokenAnswer? NoAccess { get; init; }

    /// <summary>Reads an answer. Whatever its body is, this does not throw.</summary>
    public static FcmResponse Read(VendorAnswer answer)
    {
        var response = new FcmResponse
        {
            Status = answer.Status,
            Silence = answer.Silence,
            RetryAfter = answer.RetryAfter,
            ResumesIn = answer.ResumesIn,
        };
        if (answer.Body.IsEmpty)
            return response;
        try
        {
            using var json = JsonDocument.Parse(answer.Body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? response.With(json.RootElement) : response with { IsPage = true };
        }
        // The second is what the parser says of text that is not Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return response with { IsPage = true };
        }
    }

    private FcmResponse With(JsonElement body)
    {
        if (!body.TryGetProperty("error", out var error) || error.ValueKind != JsonValueKind.Object)
            return this with { Name = Text(body, "name") };

        var response = this with { ErrorStatus = Text(error, "status"), BlamesToken = NamesToken(Text(error, "message")) };
        if (!error.TryGetProperty("details", out var details) || details.ValueKind != JsonValueKind.Array)
            return response;
        foreach (var detail in details.EnumerateArray().Where(detail => detail.ValueKind == JsonValueKind.Object))
        {
            response = Text(detail, "@type") switch
            {
                FcmErrorType => response with { ErrorCode = Text(detail, "errorCode") ?? Text(detail, "error_code") },
                BadRequestType => response with { BlamesToken = response.BlamesToken || Any(detail, "fieldViolations", ViolatesToken) },
                QuotaFailureType => response with { IsDeviceQuota = Any(detail, "violations", NamesDevice) },
                _ => response,
            };
        }

        return response;
    }

    // The one text by which Google's errors must be told apart, see providers.md section 4.4.
    private static bool NamesToken(string? message) =>
        message?.Contains("not a valid FCM registration token", StringComparison.OrdinalIgnoreCase) == true;

    private static bool ViolatesToken(JsonElement violation) => Text(violation, "field") is "message.token" or "message.fid";

    private static bool NamesDevice(JsonElement violation) =>
        $"{Text(violation, "subject")} {Text(violation, "description")}".Contains("device", StringComparison.OrdinalIgnoreCase);

    private static bool Any(JsonElement detail, string list, Func<JsonElement, bool> condition) =>
        detail.TryGetProperty(list, out var items) && items.ValueKind == JsonValueKind.Array
        && items.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Object && condition(item));

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
