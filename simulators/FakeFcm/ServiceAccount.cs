using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sotto.FakeFcm;

/// <summary>A Google service account: what the key file says, and the public half of its key.</summary>
public sealed record ServiceAccount
{
    private const int KeyBits = 2048;

    public required string ProjectId { get; init; }

    public required string ClientEmail { get; init; }

    public required string KeyId { get; init; }

    /// <summary>The sender's half, PEM (PKCS #8).</summary>
    public required string PrivatePem { get; init; }

    /// <summary>The public half, PEM.</summary>
    public required string PublicPem { get; init; }

    /// <summary>Makes an account with a new key.</summary>
    public static ServiceAccount Create(string projectId = "sotto-demo")
    {
        using var key = RSA.Create(KeyBits);
        return new()
        {
            ProjectId = projectId,
            ClientEmail = $"push-sender@{projectId}.iam.gserviceaccount.com",
            KeyId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)),
            PrivatePem = key.ExportPkcs8PrivateKeyPem() + "\n",
            PublicPem = key.ExportSubjectPublicKeyInfoPem(),
        };
    }

    /// <summary>The account of a key file.</summary>
    public static ServiceAccount Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var pem = root.GetProperty("private_key").GetString()!;
        using var key = RSA.Create();
        key.ImportFromPem(pem);
        return new()
        {
            ProjectId = root.GetProperty("project_id").GetString()!,
            ClientEmail = root.GetProperty("client_email").GetString()!,
            KeyId = root.GetProperty("private_key_id").GetString()!,
            PrivatePem = pem,
            PublicPem = key.ExportSubjectPublicKeyInfoPem(),
        };
    }

    /// <summary>The key file, naming where tokens are had.</summary>
    public string KeyFile(Uri tokenUri) => new JsonObject
    {
        ["type"] = "service_account",
        ["project_id"] = ProjectId,
        ["private_key_id"] = KeyId,
        ["private_key"] = PrivatePem,
        ["client_email"] = ClientEmail,
        ["client_id"] = "100000000000000000001",
        ["auth_uri"] = "https://accounts.google.com/o/oauth2/auth",
        ["token_uri"] = tokenUri.OriginalString,
        ["universe_domain"] = "googleapis.com",
    }.ToJsonString(new() { WriteIndented = true });

    /// <inheritdoc/>
    // A record would print the private key.
    public override string ToString() => $"service account of {ProjectId}";
}
