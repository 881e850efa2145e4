using System.Globalization;
using System.Text.Json.Nodes;
using Sotto.FakeProvider;

namespace Sotto.FakeFcm;

/// <summary>One of Google's refusals (providers.md section 4.4).</summary>
internal sealed record FcmRefusal(int Code, string Status, string Message)
{
    private const string Rpc = "type.googleapis.com/google.rpc.";

    /// <summary>The <c>errorCode</c> of the FcmError detail, where there is one.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The field that is wrong, where Google names it.</summary>
    public string? Field { get; init; }

    /// <summary>The reason of an ErrorInfo detail, where there is one.</summary>
    public string? Info { get; init; }

    public int? RetryAfterSeconds { get; init; }

    public static FcmRefusal NotFound { get; } = new(404, "NOT_FOUND", "Requested entity was not found.");

    public static FcmRefusal Unregistered { get; } = NotFound with { ErrorCode = "UNREGISTERED" };

    public static FcmRefusal Unauthenticated { get; } = new(
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")
    {
        Info = "ACCESS_TOKEN_EXPIRED",
    };

    public static FcmRefusal SenderIdMismatch { get; } = new(403, "PERMISSION_DENIED", "SenderId mismatch") { ErrorCode = "SENDER_ID_MISMATCH" };

    public static FcmRefusal NotAToken(string field) =>
        Argument("The registration token is not a valid FCM registration token", "INVALID_ARGUMENT") with { Field = field };

    public static FcmRefusal Argument(string message, string? errorCode = null, string? field = null) =>
        new(400, "INVALID_ARGUMENT", message) { ErrorCode = errorCode, Field = field };

    public static FcmRefusal MayNotSend(string project) => new(
        403,
        "PERMISSION_DENIED",
        $"Permission 'cloudmessaging.messages.create' denied on resource '//cloudresourcemanager.googleapis.com/projects/{project}' (or it may not exist).")
    {
        Info = "IAM_PERMISSION_DENIED",
    };

    public static FcmRefusal Quota(string subject, int? retryAfterSeconds) =>
        new(429, "RESOURCE_EXHAUSTED", $"Quota exceeded for '{subject}'.") { ErrorCode = "QUOTA_EXCEEDED", RetryAfterSeconds = retryAfterSeconds };

    public Verdict ToVerdict()
    {
        var error = new JsonObject { ["code"] = Code, ["message"] = Message, ["status"] = Status };
        var details = new JsonArray();
        if (ErrorCode is not null)
            details.Add(new JsonObject { ["@type"] = "type.googleapis.com/google.firebase.fcm.v1.FcmError", ["errorCode"] = ErrorCode });
        if (Field is not null)
        {
            var violation = new JsonObject { ["field"] = Field, ["description"] = Message };
            details.Add(new JsonObject { ["@type"] = Rpc + "BadRequest", ["fieldViolations"] = new JsonArray(violation) });
        }

        if (Info is not null)
            details.Add(new JsonObject { ["@type"] = Rpc + "ErrorInfo", ["reason"] = Info, ["domain"] = "googleapis.com" });
        if (details.Count > 0)
            error["details"] = details;
        return FcmJson.Verdict(Code, ErrorCode ?? Status, new() { ["error"] = error }) with { Headers = Headers() };
    }

    private List<KeyValuePair<string, string>> Headers()
    {
        var headers = new List<KeyValuePair<string, string>>();
        if (Code == 401)
            headers.Add(new("WWW-Authenticate", "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\""));
        if (RetryAfterSeconds is { } seconds)
            headers.Add(new("Retry-After", seconds.ToString(CultureInfo.InvariantCulture)));
        return headers;
    }
}
