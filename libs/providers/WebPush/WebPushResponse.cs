using System.Text.Json;

namespace Sotto.WebPush;

/// <summary>What a push service said of one message, or why it said nothing (providers.md section 7.4).</summary>
public sealed record WebPushResponse
{
    private const string ApnsMismatch = "VapidPkHashMismatch";

    // The one text by which Google's error must be told apart.
    private const string FcmMismatch = "do not correspond to the credentials used to create the subscription";

    // A piece of an endpoint that is as long as this may be what makes it secret; a shorter one is a word such as "push".
    private const int TellingLength = 8;
    private const int ReasonLengthMax = 200;

    /// <summary>HTTP status; 0 without an answer.</summary>
    public int Status { get; init; }

    /// <summary>Why there was no answer, in one word or two that may be logged; null when there was one.</summary>
    public string? Silence { get; init; }

    /// <summary>The start of a refusal's body, as far as it came in time; empty for a success. It may repeat the endpoint: never log it.</summary>
    public string Body { get; init; } = "";

    /// <summary>The <c>Retry-After</c> header as it came; null without one.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>True when the subscription was made with another VAPID key than ours.</summary>
    public bool IsKeyMismatch => Status is 400 or 401 or 403
        && (Body.Contains(ApnsMismatch, StringComparison.Ordinal) || Body.Contains(FcmMismatch, StringComparison.OrdinalIgnoreCase));

    /// <summary>True when the body is a web page: then a front end may be speaking, and not the push service.</summary>
    public bool IsPage => Body.AsSpan().TrimStart().StartsWith("<", StringComparison.Ordinal);

    /// <summary>The service's own word for a refusal: Apple's <c>reason</c>, Mozilla's <c>errno</c>, ntfy's <c>code</c>. Null without one, and when it repeats the endpoint.</summary>
    public string? ReasonFor(Uri endpoint)
    {
        if (Body.Length == 0)
            return null;
        try
        {
            using var json = JsonDocument.Parse(Body);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return null;
            if (root.TryGetProperty("reason", out var reason) && reason.ValueKind == JsonValueKind.String)
                return Unless(reason.GetString()!, endpoint);
            if (root.TryGetProperty("errno", out var errno) && errno.TryGetInt32(out var mozilla))
                return $"errno {mozilla}";
            return root.TryGetProperty("http", out _) && root.TryGetProperty("code", out var code) && code.TryGetInt32(out var ntfy) ? $"code {ntfy}" : null;
        }
        // A number may be none, a text half a character.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Never the body.</summary>
    public override string ToString() => Silence is null ? $"answer {Status}" : $"no answer: {Silence}";

    // An endpoint is itself the right to send.
    private static string? Unless(string reason, Uri endpoint) =>
        reason.Length > ReasonLengthMax
        || endpoint.OriginalString.Contains(reason, StringComparison.OrdinalIgnoreCase)
        || reason.Contains(endpoint.Host, StringComparison.OrdinalIgnoreCase)
        || HavePieceInCommon(endpoint.PathAndQuery, reason) ? null : reason;

    private static bool HavePieceInCommon(string path, string reason)
    {
        for (var at = 0; at + TellingLength <= path.Length; at++)
        {
            if (reason.AsSpan().Contains(path.AsSpan(at, TellingLength), StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}

/// <summary>The words of <see cref="WebPushResponse.Silence"/> that only a stranger's server gives cause for; the others are <see cref="VendorHttp.Silences"/>.</summary>
public static class WebPushSilences
{
    /// <summary>The host's name is not known.</summary>
    public const string NoSuchName = "no such name";

    /// <summary>The host has an address that is not public, or the endpoint breaks another rule.</summary>
    public const string NotAllowed = "not allowed";
}
