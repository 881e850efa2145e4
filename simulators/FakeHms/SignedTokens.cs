using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sotto.FakeHms;

/// <summary>A service account: its key file, and the tokens (JWT, PS256) that its owner signs (providers.md section 5.3).</summary>
internal sealed class SignedTokens : IDisposable
{
    private const int KeyBits = 2048;
    private const string Audience = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
    private const string KeyId = "hms-key-0001";
    private const string SubAccount = "100000000";

    private readonly RSA _key = RSA.Create(KeyBits);

    public string KeyFile(string projectId) => JsonSerializer.Serialize(new
    {
        project_id = projectId,
        key_id = KeyId,
        private_key = _key.ExportPkcs8PrivateKeyPem() + "\n",
        sub_account = SubAccount,
    });

    /// <summary>Null when the token is good.</summary>
    public HmsCode? Judge(string jwt, DateTimeOffset now)
    {
        try
        {
            var parts = jwt.Split('.');
            if (parts.Length != 3 || !_key.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pss))
            {
                return HmsCode.NotAuthenticated;
            }

            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            var isOurs = header.RootElement.GetProperty("alg").GetString() == "PS256" && header.RootElement.GetProperty("kid").GetString() == KeyId
                && claims.RootElement.GetProperty("aud").GetString() == Audience && claims.RootElement.GetProperty("iss").GetString() == SubAccount;
            if (!isOurs)
                return HmsCode.NotAuthenticated;
            return claims.RootElement.GetProperty("exp").GetInt64() > now.ToUnixTimeSeconds() ? null : HmsCode.SignedTokenExpired;
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return HmsCode.NotAuthenticated;
        }
    }

    public void Dispose() => _key.Dispose();
}
