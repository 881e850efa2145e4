using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Sotto.VendorHttp;

/// <summary>The answer of an OAuth token endpoint (RFC 6749 section 5.1).</summary>
public static class AccessTokenJson
{
    // A day; longer would outlive any use of it.
    private const long LifeSecondsMax = 86_400;

    /// <summary>Reads <c>access_token</c> and <c>expires_in</c>, which some vendors write as a string.</summary>
    /// <param name="answer">The JSON object.</param>
    /// <param name="askedAt">When it was asked for; the life is counted from then.</param>
    /// <param name="token">The token.</param>
    public static bool TryRead(JsonElement answer, DateTimeOffset askedAt, [NotNullWhen(true)] out AccessToken? token)
    {
        token = null;
        if (!answer.TryGetProperty("access_token", out var value) || value.ValueKind != JsonValueKind.String || value.GetString() is not { Length: > 0 } text)
            return false;
        if (!IsHeaderText(text) || !TryReadSeconds(answer, out var seconds))
            return false;
        token = new AccessToken(text, askedAt, askedAt.AddSeconds(Math.Min(seconds, LifeSecondsMax)));
        return true;
    }

    private static bool TryReadSeconds(JsonElement answer, out long seconds)
    {
        seconds = 0;
        if (!answer.TryGetProperty("expires_in", out var life))
            return false;
        var known = life.ValueKind switch
        {
            JsonValueKind.Number => life.TryGetInt64(out seconds),
            JsonValueKind.String => long.TryParse(life.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out seconds),
            _ => false,
        };
        return known && seconds > 0;
    }

    // It goes into a header as it is.
    private static bool IsHeaderText(string text) => text.All(c => c is > ' ' and <= '~');
}
