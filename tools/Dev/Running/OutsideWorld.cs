using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.LocalServers;

namespace Sotto.Dev.Running;

/// <summary>What services are told of the outside when no simulators run: addresses from the command line, and credentials made up for servers of one's own.</summary>
/// <remarks>
/// A provider is served when either its address or its credentials are given. Made-up credentials go only to an address that was given by hand,
/// never to the vendor's own, which is what a service uses when no address is set.
/// </remarks>
internal static class OutsideWorld
{
    private const string Topic = "org.example.sotto";
    private const string TeamId = "DEF123GHIJ";
    private const string KeyId = "ABC123DEFG";
    private const string ProjectId = "sotto-demo";
    private const string HuaweiAppId = "100000001";
    private const int RsaBits = 2048;

    /// <summary>The settings to add to those given, and the services that cannot run, each with the reason.</summary>
    public static (Dictionary<string, string> Settings, Dictionary<string, string> LeftOut) Complete(IReadOnlyDictionary<string, string> given, string credentials)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var leftOut = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!given.ContainsKey("Swarm:Oxend"))
            leftOut[ServiceCatalogue.Listener] = "no Swarm:Oxend is set";

        if (!CompleteApns("Apns", given, settings, credentials) & !CompleteApns("ApnsSandbox", given, settings, credentials))
            leftOut[ServiceCatalogue.Apns] = "neither Apns:Endpoint nor Apns:Topic is set, nor ApnsSandbox's";

        if (given.ContainsKey("Fcm:Endpoint") && !given.ContainsKey("Fcm:ServiceAccountFile"))
            settings["Fcm:ServiceAccountFile"] = ServiceAccount(credentials, given.GetValueOrDefault("Fcm:TokenEndpoint") ?? given["Fcm:Endpoint"].TrimEnd('/') + "/token");
        else if (!given.ContainsKey("Fcm:ServiceAccountFile"))
            leftOut[ServiceCatalogue.Fcm] = "neither Fcm:Endpoint nor Fcm:ServiceAccountFile is set";

        if (given.ContainsKey("Huawei:Endpoint") && !given.ContainsKey("Huawei:AppId"))
        {
            settings["Huawei:AppId"] = HuaweiAppId;
            if (!given.ContainsKey("Huawei:AppSecret") && !given.ContainsKey("Huawei:AppSecretFile"))
                settings["Huawei:AppSecretFile"] = Once(credentials, "hms-app-secret", () => RandomNumberGenerator.GetHexString(64, lowercase: true));
        }
        else if (!given.ContainsKey("Huawei:AppId"))
        {
            leftOut[ServiceCatalogue.Huawei] = "neither Huawei:Endpoint nor Huawei:AppId is set";
        }

        return (settings, leftOut);
    }

    // True when the section is served.
    private static bool CompleteApns(string section, IReadOnlyDictionary<string, string> given, Dictionary<string, string> settings, string credentials)
    {
        if (given.ContainsKey($"{section}:Topic"))
            return true;

        if (!given.ContainsKey($"{section}:Endpoint"))
            return false;

        settings[$"{section}:Topic"] = Topic;
        if (!given.ContainsKey($"{section}:KeyFile") && !given.ContainsKey($"{section}:CertificateFile"))
        {
            settings[$"{section}:KeyFile"] = Once(credentials, "apns-key.p8", () =>
            {
                using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                return key.ExportPkcs8PrivateKeyPem() + "\n";
            });
            settings.TryAdd($"{section}:TeamId", given.GetValueOrDefault($"{section}:TeamId") ?? TeamId);
            settings.TryAdd($"{section}:KeyId", given.GetValueOrDefault($"{section}:KeyId") ?? KeyId);
        }

        return true;
    }

    private static string ServiceAccount(string credentials, string tokenEndpoint) => Once(credentials, "fcm-service-account.json", () =>
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
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
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
