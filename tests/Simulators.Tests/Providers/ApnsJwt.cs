using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sotto.FakeApns;

namespace Simulators.Tests.Providers;

/// <summary>Signs provider tokens as a sender does.</summary>
internal static class ApnsJwt
{
    public static string Sign(ApnsKey key, DateTimeOffset issuedAt, DSASignatureFormat format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
    {
        using var signer = ECDsa.Create();
        signer.ImportFromPem(key.PrivatePem);
        var header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":"ES256","kid":"{{key.KeyId}}"}"""));
        var claims = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"iss":"{{key.TeamId}}","iat":{{issuedAt.ToUnixTimeSeconds()}}}"""));
        var signature = signer.SignData(Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256, format);
        return $"{header}.{claims}.{Base64Url.EncodeToString(signature)}";
    }
}
