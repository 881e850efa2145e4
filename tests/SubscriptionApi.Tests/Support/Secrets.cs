using System.Text;

namespace SubscriptionApi.Tests.Support;

/// <summary>Looks for secrets in what a thief could take: as they are, in hex of both cases, and in base64 of every alignment.</summary>
internal sealed class Secrets
{
    private readonly List<(string Name, byte[] Form)> _forms = [];

    /// <summary>Bytes, such as a key.</summary>
    public void Add(string name, ReadOnlySpan<byte> secret)
    {
        _forms.Add((name, secret.ToArray()));
        _forms.Add(($"{name} in hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret))));
        _forms.Add(($"{name} in HEX", Encoding.ASCII.GetBytes(Convert.ToHexString(secret))));
        for (var skip = 0; skip < 3; skip++)
        {
            // What stands before shifts the letters; the first and the last may belong to a neighbour too.
            var text = Convert.ToBase64String([.. new byte[skip], .. secret]);
            _forms.Add(($"{name} in base64", Encoding.ASCII.GetBytes(text[(skip == 0 ? 0 : 4)..^4])));
        }
    }

    /// <summary>A text, such as a token.</summary>
    public void Add(string name, string secret)
    {
        Add(name, Encoding.UTF8.GetBytes(secret));
        if (secret.Length % 2 == 0 && secret.All(char.IsAsciiHexDigit))
            Add($"{name} from hex", Convert.FromHexString(secret));
    }

    /// <summary>The names of the secrets found.</summary>
    public IEnumerable<string> FoundIn(byte[] haystack) =>
        _forms.Where(form => haystack.AsSpan().IndexOf(form.Form) >= 0).Select(form => form.Name).Distinct(StringComparer.Ordinal);

    public IEnumerable<string> FoundIn(string haystack) => FoundIn(Encoding.UTF8.GetBytes(haystack));
}
