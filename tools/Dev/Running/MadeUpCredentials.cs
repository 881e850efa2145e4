using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.LocalServers;

namespace Sotto.Dev.Running;

/// <summary>Credentials that no vendor gave: of the right form, and believed by nobody but servers of one's own. Each is made once for a folder.</summary>
internal static class MadeUpCredentials
{
    private const string ProjectId = "sotto-demo";
    private const int RsaBits = 2048;
    private const int SecretDigits = 64;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>An EC P-256 private key in PEM, as Apple gives for provider tokens and VAPID wants; the file's path.</summary>
    public static string P256Key(string folder, string name) => Once(folder, name, () =>
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem() + "\n";
    });

    /// <summary>The public half of such a key, made if need be: the uncompressed point of 65 bytes as base64url.</summary>
    public static string P256PublicKey(string folder, string name)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(P256Key(folder, name)));
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return Base64Url.EncodeToString([4, .. point.X!, .. point.Y!]);
    }

    /// <summary>A secret of hex digits; the file's path.</summary>
    public static string Secret(string folder, string name) => Once(folder, name, () => RandomNumberGenerator.GetHexString(SecretDigits, lowercase: true));

    /// <summary>A service account as Google gives it; the file's path.</summary>
    public static string ServiceAccount(string folder, string tokenEndpoint) => Once(folder, "fcm-service-account.json", () =>
    {
        using var key = RSA.Create(RsaBits);
        return new JsonObject
        {
            ["type"] = "service_account",
            ["project_id"] = ProjectId,
            ["private_key_id"] = RandomNumberGenerator.GetHexString(40, lowercase: true),
            ["private_key"] = key.ExportPkcs8PrivateKeyPem() + "\n",
            ["client_email"] = $"sotto@{ProjectId}.iam.gserviceaccount.com",
            ["token_uri"] = tokenEndpoint,
        }.ToJsonString(Indented);
    });

    private static string Once(string folder, string name, Func<string> make)
    {
        OwnerOnlyFile.MakeFolder(folder);
        var file = Path.Combine(folder, name);
        if (!File.Exists(file))
            OwnerOnlyFile.Write(file, make());

        return file;
    }
}
