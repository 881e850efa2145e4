using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>Finds what looks like a secret: private keys, tokens of known form, passwords in addresses, and long strings that are too random to be words.</summary>
internal static partial class SecretScan
{
    // A name of several words has about 4 bits for each character, random base64 close to 6, random hex close to 4.
    private const double Base64BitsMin = 4.3;
    private const double HexBitsMin = 3.5;
    private const int HexLengthMin = 40;

    /// <summary>What looks like a secret in a text, and why.</summary>
    public static IEnumerable<(string Found, string Why)> Look(string text) =>
        PrivateKey().Matches(text).Select(match => (match.Value, "a private key"))
            .Concat(VendorToken().Matches(text).Select(match => (match.Value, "a vendor's token")))
            .Concat(PasswordInAddress().Matches(text).Where(match => !IsExample(match.Groups["secret"].Value)).Select(match => (match.Value, "a password in an address")))
            .Concat(LongWord().Matches(text).Where(match => IsRandom(match.Value)).Select(match => (match.Value, "a long random string")));

    /// <summary>Names a finding without repeating it.</summary>
    public static string Fingerprint(string found) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(found)))[..12];

    private static bool IsExample(string secret) => secret.Length < 4 || secret.ToLowerInvariant() is "password" or "guest" or "secret" or "hunter2" or "...";

    private static bool IsRandom(string word)
    {
        if (word.All(char.IsAsciiHexDigit))
            return word.Length >= HexLengthMin && BitsOf(word) > HexBitsMin;
        var isName = word.Contains('_', StringComparison.Ordinal) && word.Count(char.IsAsciiDigit) < 3;
        return !isName && word.Any(char.IsAsciiLetterLower) && word.Any(char.IsAsciiLetterUpper) && word.Any(char.IsAsciiDigit) && BitsOf(word) > Base64BitsMin;
    }

    // Shannon's measure, in bits for each character.
    private static double BitsOf(string word) => word.CountBy(c => c).Sum(pair => -(double)pair.Value / word.Length * Math.Log2((double)pair.Value / word.Length));

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----(\s|\\n|\\r)*[A-Za-z0-9+/=]{40}", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(
        @"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|AIza[0-9A-Za-z_-]{35}|xox[abprs]-[0-9A-Za-z-]{10,}|ya29\.[0-9A-Za-z_-]{20,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        RegexOptions.None, 5000)]
    private static partial Regex VendorToken();

    [GeneratedRegex(@"\b[a-z]+://[^/\s:@""{}$<>]+:(?<secret>[^/\s:@""{}$<>]+)@|\bPassword=(?<secret>[^;""'{}$\s<>\\&]+)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex PasswordInAddress();

    [GeneratedRegex("[A-Za-z0-9+/_=-]{32,}", RegexOptions.None, 5000)]
    private static partial Regex LongWord();
}
