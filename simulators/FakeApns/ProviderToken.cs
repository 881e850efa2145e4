using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sotto.FakeApns;

/// <summary>A provider token (JWT) as it was read: what it claims, and whether its key signed it.</summary>
internal sealed record ProviderToken(ApnsKey Key, DateTimeOffset IssuedAt)
{
    private const int JwtLengthMax = 4096;
    private const int SignatureBytes = 64;

    /// <summary>Reads and verifies; null when it is not a token of one of these keys.</summary>
    public static ProviderToken? Read(string jwt, IReadOnlyList<ApnsKey> keys)
    {
        var parts = jwt.Split('.');
        if (jwt.Length > JwtLengthMax || parts.Length != 3)
            return null;
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            if (header.RootElement.GetProperty("alg").GetString() != "ES256")
                return null;
            var keyId = header.RootElement.GetProperty("kid").GetString();
            var teamId = claims.RootElement.GetProperty("iss").GetString();
            var key = keys.FirstOrDefault(key => key.KeyId == keyId && key.TeamId == teamId);
            if (key is null || !IsSigned(key, $"{parts[0]}.{parts[1]}", Base64Url.DecodeFromChars(parts[2])))
                return null;
            return new(key, DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("iat").GetInt64()));
        }
        catch (Exception wrong) when (wrong is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    // Apple takes the JWT's own form (r, s) and, as seen from large senders, DER.
    private static bool IsSigned(ApnsKey key, string signed, byte[] signature)
    {
        using var verifier = ECDsa.Create();
        verifier.ImportFromPem(key.PublicPem);
        var format = signature.Length == SignatureBytes ? DSASignatureFormat.IeeeP1363FixedFieldConcatenation : DSASignatureFormat.Rfc3279DerSequence;
        return verifier.VerifyData(Encoding.ASCII.GetBytes(signed), signature, HashAlgorithmName.SHA256, format);
    }
}
