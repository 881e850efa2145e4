using System.Globalization;

namespace Sotto.Delivery;

/// <summary>The HTTP header <c>Retry-After</c> (RFC 9110 section 10.2.3).</summary>
public static class RetryAfter
{
    private static readonly string[] DateForms =
    [
        "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        // The two obsolete forms of RFC 9110 section 5.6.7.
        "dddd, dd-MMM-yy HH:mm:ss 'GMT'",
        "ddd MMM d HH:mm:ss yyyy",
    ];

    /// <summary>Reads seconds or a date; null for an absent header, and for garbage, which is ignored.</summary>
    /// <param name="header">The header's text.</param>
    /// <param name="now">What a date is compared with; one in the past is zero.</param>
    /// <param name="cap">A longer wait is cut to this; null for <see cref="RetryPace.CapDefault"/>.</param>
    public static TimeSpan? Read(string? header, DateTimeOffset now, TimeSpan? cap = null)
    {
        var text = header?.Trim() ?? "";
        var wait = text.Length > 0 && text.All(char.IsAsciiDigit) ? Seconds(text) : Until(text, now);
        var longest = cap ?? RetryPace.CapDefault;
        return wait > longest ? longest : wait;
    }

    private static TimeSpan Seconds(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;

    private static TimeSpan? Until(string text, DateTimeOffset now)
    {
        const DateTimeStyles Style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite;
        if (!DateTimeOffset.TryParseExact(text, DateForms, CultureInfo.InvariantCulture, Style, out var date))
            return null;
        return date > now ? date - now : TimeSpan.Zero;
    }
}
