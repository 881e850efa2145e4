using System.Buffers;
using System.Text.Unicode;

namespace Sotto.Session;

/// <summary>How clients spell bytes in JSON strings (session-v2 section 2.4): as they are, as hex, or as base64. The first that fits is taken.</summary>
public static class JsonBytes
{
    private const int BitsOfDigit = 6;

    /// <summary>
    /// Decodes a value of exactly <c>bytes.Length</c> bytes. It is the text's own UTF-8 when that has this length; else hex of any case when it has twice this many
    /// digits; else standard base64 of this length, with any number of <c>=</c> behind it and whatever in the bits that are left over. False for
    /// anything else; <paramref name="bytes"/> is then meaningless. Work is bounded by the size asked for.
    /// </summary>
    public static bool TryDecode(string text, Span<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsRaw(text, bytes)
            || (text.Length == 2 * bytes.Length && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done)
            || TryDecodeBase64(text.AsSpan().TrimEnd('='), bytes);
    }

    private static bool IsRaw(string text, Span<byte> bytes) =>
        text.Length <= bytes.Length
        && Utf8.FromUtf16(text, bytes, out _, out var written, replaceInvalidSequences: false) == OperationStatus.Done
        && written == bytes.Length;

    private static bool TryDecodeBase64(ReadOnlySpan<char> digits, Span<byte> bytes)
    {
        if (digits.Length != (4 * bytes.Length + 2) / 3)
            return false;

        var (bits, held, written) = (0, 0, 0);
        foreach (var digit in digits)
        {
            var value = ValueOf(digit);
            if (value < 0)
                return false;

            // Only the bits below "held" matter; those above have been written and fall off.
            bits = (bits << BitsOfDigit) | value;
            held += BitsOfDigit;
            if (held >= 8)
            {
                held -= 8;
                bytes[written++] = (byte)(bits >> held);
            }
        }

        return true;
    }

    private static int ValueOf(char digit) => digit switch
    {
        >= 'A' and <= 'Z' => digit - 'A',
        >= 'a' and <= 'z' => digit - 'a' + 26,
        >= '0' and <= '9' => digit - '0' + 52,
        '+' => 62,
        '/' => 63,
        _ => -1,
    };
}
