using System.Text;

namespace Sotto.Ledger.Leaks;

/// <summary>What must not be found somewhere, in every spelling in which it could be there. Not thread-safe while it is filled.</summary>
public sealed class SecretPatterns
{
    // Base64 of what stands in the middle of something larger: what lies before it shifts its letters by none, one or two bytes.
    private const int Alignments = 3;

    private readonly List<(byte[] Bytes, string Name)> _all = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Every spelling, with the name of what it spells.</summary>
    public IReadOnlyList<(byte[] Bytes, string Name)> All => _all;

    /// <summary>A secret that is bytes: as they are, in hex of either case, in base64 and base64url.</summary>
    public void AddBytes(string name, ReadOnlySpan<byte> secret)
    {
        Add(name, secret.ToArray());
        Add(name, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret)));
        Add(name, Encoding.ASCII.GetBytes(Convert.ToHexString(secret)));
        for (var shift = 0; shift < Alignments; shift++)
        {
            var text = Inner(secret, shift);
            Add(name, Encoding.ASCII.GetBytes(text));
            Add(name, Encoding.ASCII.GetBytes(text.Replace('+', '-').Replace('/', '_')));
        }
    }

    /// <summary>A secret that is text: the text itself in every spelling of its bytes, and, when it is hex, of the bytes that it means.</summary>
    public void AddText(string name, string secret)
    {
        AddBytes(name, Encoding.UTF8.GetBytes(secret));
        Add(name, Encoding.UTF8.GetBytes(Uri.EscapeDataString(secret)));
        if (secret.Length % 2 == 0 && secret.All(char.IsAsciiHexDigit))
            AddBytes(name, Convert.FromHexString(secret));
    }

    // The letters that the neighbours cannot change.
    private static string Inner(ReadOnlySpan<byte> secret, int shift)
    {
        var padded = new byte[shift + secret.Length];
        secret.CopyTo(padded.AsSpan(shift));
        var text = Convert.ToBase64String(padded).TrimEnd('=');
        var first = shift == 0 ? 0 : shift + 1;
        var last = padded.Length % 3 == 0 ? text.Length : text.Length - 1;
        return text[first..last];
    }

    private void Add(string name, byte[] bytes)
    {
        if (bytes.Length < SecretScanner.LengthMin)
            throw new ArgumentException($"A secret shorter than {SecretScanner.LengthMin} bytes would be found everywhere.", nameof(bytes));
        if (_known.Add($"{name} {Encoding.Latin1.GetString(bytes)}"))
            _all.Add((bytes, name));
    }
}
