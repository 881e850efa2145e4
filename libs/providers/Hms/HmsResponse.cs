using System.Globalization;
using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Hms;

/// <summary>What Huawei said of one request, or why it said nothing (providers.md section 5.5).</summary>
public sealed record HmsResponse
{
    /// <summary>HTTP status; 0 without an answer. The code says more.</summary>
    public int Status { get; init; }

    /// <summary>The business code, such as <see cref="HmsCode.Success"/>; null when none could be read.</summary>
    public string? Code { get; init; }

    /// <summary>With <see cref="HmsCode.Partial"/>: the tokens that are no longer valid; null when the answer does not say which. Secret.</summary>
    public IReadOnlyList<string>? IllegalTokens { get; init; }

    /// <summary>See <see cref="VendorAnswer.Silence"/>.</summary>
    public string? Silence { get; init; }

    /// <summary>The <c>Retry-After</c> header as it came. Huawei documents none.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>See <see cref="VendorAnswer.ResumesIn"/>.</summary>
    public TimeSpan? ResumesIn { get; init; }

    /// <summary>Set when the message was not sent because no access token could be had; says what the token endpoint said.</summary>
    public AccessTokenAnswer? NoAccess { get; init; }

    /// <summary>Reads an answer. Whatever its body is, this does not throw.</summary>
    public static HmsResponse Read(VendorAnswer answer)
    {
        var response = new HmsResponse
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
            if (json.RootElement.ValueKind != JsonValueKind.Object || ReadCode(json.RootElement) is not { } code)
                return response;
            return response with { Code = code, IllegalTokens = code == HmsCode.Partial ? ReadIllegalTokens(json.RootElement) : null };
        }
        // A front end's page, or noise.
        // The second is what the parser says of text that is not Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return response;
        }
    }

    /// <inheritdoc/>
    // A record would print the tokens.
    public override string ToString() => Silence is null ? $"{nameof(HmsResponse)} {Status} {Code}" : $"{nameof(HmsResponse)}: {Silence}";

    // A string by the book; numbers are taken as well.
    private static string? ReadCode(JsonElement body) =>
        !body.TryGetProperty("code", out var code)
            ? null
            : code.ValueKind switch
            {
                JsonValueKind.String => code.GetString(),
                JsonValueKind.Number when code.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
                _ => null,
            };

    // The message of a partial success is JSON inside a JSON string.
    private static IReadOnlyList<string>? ReadIllegalTokens(JsonElement body)
    {
        if (!body.TryGetProperty("msg", out var text) || text.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            using var json = JsonDocument.Parse(text.GetString()!);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("illegal_tokens", out var tokens) && tokens.ValueKind == JsonValueKind.Array
                    ? [.. tokens.EnumerateArray().Where(token => token.ValueKind == JsonValueKind.String).Select(token => token.GetString()!)]
                    : null;
        }
        // The second is what the parser says of text that is not Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>The business codes that the client or its callers act on by themselves.</summary>
public static class HmsCode
{
    /// <summary>All tokens were taken.</summary>
    public const string Success = "80000000";

    /// <summary>Some tokens were taken; the others are listed.</summary>
    public const string Partial = "80100000";

    /// <summary>The access token is wrong.</summary>
    public const string AuthenticationFailed = "80200001";

    /// <summary>The access token has expired.</summary>
    public const string AccessTokenExpired = "80200003";

    /// <summary>The JWT has expired.</summary>
    public const string JwtExpired = "80200005";

    /// <summary>The app may not send with <see cref="HmsMessage.High"/>.</summary>
    public const string HighUrgencyForbidden = "80300011";
}
