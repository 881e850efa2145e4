using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Sotto.Contracts;

namespace Sotto.Cli.Keys;

/// <summary>
/// The key by which push services know this server (VAPID, RFC 8292): an EC P-256 private key in <c>vapid.pem</c>, and its public half where clients are told of it. Subscriptions
/// are bound to it, so it is made once and never changed.
/// </summary>
internal static class VapidKey
{
    public const string Name = "vapid";

    private const string FileName = "vapid.pem";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes it unless it is there, and writes what clients have to know either way.</summary>
    /// <returns>The public key, 65 bytes as base64url, and whether it was made now.</returns>
    public static (string PublicKey, bool Made) MakeIfAbsent(string folder, string publicFolder)
    {
        var path = Path.Combine(folder, FileName);
        var absent = !File.Exists(path);
        if (absent)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
            using var writer = new StreamWriter(file);
            writer.WriteLine(key.ExportPkcs8PrivateKeyPem());
        }

        var publicKey = PublicKeyIn(folder)!;
        File.WriteAllText(
            Path.Combine(publicFolder, $"{Provider.WebPush}.json"),
            JsonSerializer.Serialize(new Dictionary<string, string>(StringComparer.Ordinal) { ["applicationServerKey"] = publicKey }));
        return (publicKey, absent);
    }

    /// <summary>The public key of the folder's private one; null when there is none.</summary>
    public static string? PublicKeyIn(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return null;
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
        }
        catch (ArgumentException)
        {
            throw new OperatorException($"The file {path} holds no EC private key in PEM.");
        }

        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return point.X is { Length: 32 }
            ? Base64Url.EncodeToString([4, .. point.X, .. point.Y!])
            : throw new OperatorException($"The key in {path} is not of curve P-256.");
    }
}
