namespace Sotto.OxenMq;

/// <summary>The three spellings of a 32-byte key in an address: hex, z-base-32, base64.</summary>
internal static class KeyText
{
    private const int HexCharacters = 64;
    private const int Base32zCharacters = 52;
    private const int Base64Characters = 43;
    private const string Base32zAlphabet = "ybndrfg8ejkmcpqxot1uwisza345h769";

    /// <returns>The key's 32 bytes, or null if the text is none of the three.</returns>
    public static byte[]? Decode(ReadOnlySpan<char> text) => text.Length switch
    {
        HexCharacters => FromHex(text),
        Base32zCharacters => FromBase32z(text),
        Base64Characters => FromBase64(text),
        Base64Characters + 1 when text[^1] == '=' => FromBase64(text[..^1]),
        _ => null,
    };

    private static byte[]? FromHex(ReadOnlySpan<char> text)
    {
        var key = new byte[OxenMqKeyPair.KeySize];
        return Convert.FromHexString(text, key, out _, out int written) == System.Buffers.OperationStatus.Done && written == key.Length ? key : null;
    }

    private static byte[]? FromBase64(ReadOnlySpan<char> text)
    {
        var key = new byte[OxenMqKeyPair.KeySize];
        return Convert.TryFromBase64String(string.Concat(text, "="), key, out int written) && written == key.Length ? key : null;
    }

    // 52 characters hold 260 bits: the key's 256 and four that are dropped.
    private static byte[]? FromBase32z(ReadOnlySpan<char> text)
    {
        var key = new byte[OxenMqKeyPair.KeySize];
        int bits = 0, held = 0, written = 0;
        foreach (char character in text)
        {
            var value = Base32zAlphabet.IndexOf(char.ToLowerInvariant(character), StringComparison.Ordinal);
            if (value < 0)
                return null;

            bits = ((bits << 5) | value) & 0xFFF;
            held += 5;
            if (held < 8)
                continue;

            held -= 8;
            key[written++] = (byte)(bits >> held);
        }

        return key;
    }
}
