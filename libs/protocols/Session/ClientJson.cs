using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Sotto.Session;

/// <summary>
/// What clients send as JSON, taken and refused as the reference's parser does it (session-v2 section 2.4): RFC 8259, every string is Unicode, every number fits a double; a byte
/// order mark in front is passed over, a NUL outside of strings ends the text. Nesting has no limit, and the work grows with the size only. Thread-safe.
/// </summary>
public static class ClientJson
{
    // What has fewer digits and no exponent is finite.
    private const int DigitsOfDoubleMax = 308;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = int.MaxValue };

    /// <summary>Checks a text. False, never an exception, when it is not one JSON value.</summary>
    /// <param name="text">The bytes as they came.</param>
    /// <param name="json">The part that holds the value, a slice of <paramref name="text"/>; to be read by <see cref="Reader"/>.</param>
    public static bool TryTake(ReadOnlyMemory<byte> text, out ReadOnlyMemory<byte> json)
    {
        json = Trimmed(text);
        return Utf8.IsValid(json.Span) && IsOneValue(json.Span) && !HasLoneSurrogate(json.Span);
    }

    /// <summary>A reader of a text, or of one value of a text, that <see cref="TryTake"/> has taken.</summary>
    public static Utf8JsonReader Reader(ReadOnlySpan<byte> json) => new(json, Options);

    // Inside a string a NUL is an error, and so is the string without its end that is left of it here.
    private static ReadOnlyMemory<byte> Trimmed(ReadOnlyMemory<byte> text)
    {
        if (text.Span.StartsWith("\uFEFF"u8))
            text = text["\uFEFF"u8.Length..];
        var end = text.Span.IndexOf((byte)0);
        return end < 0 ? text : text[..end];
    }

    private static bool IsOneValue(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = Reader(json);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.Number && !IsFinite(reader.ValueSpan))
                    return false;
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsFinite(ReadOnlySpan<byte> number) =>
        (number.Length <= DigitsOfDoubleMax && !number.ContainsAny((byte)'e', (byte)'E'))
        || (double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value));

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
