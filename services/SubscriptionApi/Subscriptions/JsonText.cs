using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace SubscriptionApi.Subscriptions;

/// <summary>Reads a request's body as JSON, as strictly about text as the reference's parser: every string in it must be Unicode.</summary>
internal static class JsonText
{
    /// <summary>
    /// Deepest nesting that is read; requests need 3. The reference has no limit, but the parser's work grows with size times depth, and a body of 50,000 brackets would cost seconds.
    /// </summary>
    public const int DepthMax = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax };

    /// <summary>False when it is not one JSON value.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> body, [NotNullWhen(true)] out JsonDocument? document)
    {
        document = null;
        if (body.Span.StartsWith("\uFEFF"u8))
            body = body[3..];
        if (!Utf8.IsValid(body.Span))
            return false;
        try
        {
            document = JsonDocument.Parse(body, Options);
        }
        catch (JsonException)
        {
            return false;
        }

        if (!HasLoneSurrogate(body.Span))
            return true;
        document.Dispose();
        document = null;
        return false;
    }

    // In valid JSON a backslash stands in strings only, so the escapes can be followed without parsing again.
    private static bool HasLoneSurrogate(ReadOnlySpan<byte> json)
    {
        for (var at = json.IndexOf((byte)'\\'); at >= 0; at = NextEscape(json, at + 2))
        {
            if (json[at + 1] != (byte)'u')
                continue;
            var unit = CodeUnit(json, at);
            if (char.IsLowSurrogate(unit))
                return true;
            if (!char.IsHighSurrogate(unit))
                continue;
            at += "\\uD800".Length;
            if (!json[at..].StartsWith("\\u"u8) || !char.IsLowSurrogate(CodeUnit(json, at)))
                return true;
        }

        return false;
    }

    private static int NextEscape(ReadOnlySpan<byte> json, int from)
    {
        var next = json[from..].IndexOf((byte)'\\');
        return next < 0 ? -1 : from + next;
    }

    private static char CodeUnit(ReadOnlySpan<byte> json, int escapeAt) =>
        (char)ushort.Parse(json.Slice(escapeAt + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
