using System.Buffers;
using System.Text.Unicode;

namespace Sotto.OnionRequests;

/// <summary>The client's key for this one request, in any of the spellings that clients may use (session-onion section 2).</summary>
internal static class EphemeralKey
{
    internal const int Size = 32;

    private const int HexLength = 64;
    private const int Base64Length = 43;
    private const int Base32Length = 52;
    private const int BitsOfBase32Digit = 5;
    private const string Base32Alphabet = "ybndrfg8ejkmcpqxot1uwisza345h769";

    /// <summary>Hex, base64 (with or without its one <c>=</c>), base32z, or the text's own 32 bytes. False for anything else.</summary>
    internal static bool TryDecode(string text, Span<byte> key) => text.Length switch
    {
        HexLength => Convert.FromHexString(text, key, out _, out _) == OperationStatus.Done,
        Base64Length => TryDecodeBase64(text + '=', key),
        Base64Length + 1 => TryDecodeBase64(text, key),
        Base32Length => TryDecodeBase32(text, key),
        <= Size => Utf8.FromUtf16(text, key, out _, out var written, replaceInvalidSequences: false) == OperationStatus.Done && written == Size,
        _ => false,
    };

    // White space would be passed over, but then bytes are missing at the end.
    private static bool TryDecodeBase64(string text, Span<byte> key) => Convert.TryFromBase64String(text, key, out var written) && written == Size;

    private static bool TryDecodeBase32(string text, Span<byte> key)
    {
        var (bits, held, written) = (0, 0, 0);
        foreach (var digit in text)
        {
            var value = Base32Alphabet.IndexOf((char)(char.IsAsciiLetterUpper(digit) ? digit | 0x20 : digit), StringComparison.Ordinal);
            if (value < 0)
                return false;

            bits = (bits << BitsOfBase32Digit) | value;
            held += BitsOfBase32Digit;
            if (held >= 8)
            {
                held -= 8;
                key[written++] = (byte)(bits >> held);
            }
        }

        return true;
    }
}
