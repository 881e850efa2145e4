using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Sotto.FakeApns;
using Sotto.FakeFcm;
using Sotto.FakeHms;
using Sotto.FakeWebPush;

namespace Senders.Tests.Harness;

/// <summary>The settings by which a sender uses a simulator, and device tokens of each kind.</summary>
internal static class Providers
{
    private static readonly ECDsa Vapid = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The key that subscriptions of Web Push are bound to.</summary>
    public static string VapidPublicKey
    {
        get
        {
            var point = Vapid.ExportParameters(includePrivateParameters: false).Q;
            return Base64Url.EncodeToString([4, .. point.X!, .. point.Y!]);
        }
    }

    public static void Use(this SenderUnderTest sender, FakeApns apple)
    {
        sender.Settings["Tls:TrustedCa"] = sender.Write("ca.pem", apple.Authority.Pem);
        foreach (var (section, endpoint) in (IEnumerable<(string, Uri)>)[("Apns", apple.Endpoint), ("ApnsSandbox", apple.SandboxEndpoint)])
        {
            sender.Settings[$"{section}:Endpoint"] = endpoint.ToString();
            sender.Settings[$"{section}:Topic"] = apple.Topic;
            sender.Settings[$"{section}:KeyFile"] = sender.Write("key.p8", apple.Key.PrivatePem!);
            sender.Settings[$"{section}:KeyId"] = apple.Key.KeyId;
            sender.Settings[$"{section}:TeamId"] = apple.Key.TeamId;
            sender.Settings[$"{section}:SealingKeyFile"] = sender.SealingKeyFile();
        }
    }

    public static void Use(this SenderUnderTest sender, FakeFcm google)
    {
        sender.Settings["Tls:TrustedCa"] = sender.Write("ca.pem", google.Authority.Pem);
        sender.Settings["Fcm:Endpoint"] = google.Endpoint.ToString();
        sender.Settings["Fcm:ServiceAccountFile"] = sender.Write("account.json", google.ServiceAccountJson);
        sender.Settings["Fcm:SealingKeyFile"] = sender.SealingKeyFile();
    }

    public static void Use(this SenderUnderTest sender, FakeHms huawei)
    {
        sender.Settings["Tls:TrustedCa"] = sender.Write("ca.pem", huawei.Authority.Pem);
        sender.Settings["Huawei:Endpoint"] = huawei.Endpoint.ToString();
        sender.Settings["Huawei:TokenEndpoint"] = huawei.Endpoint.OriginalString + "/oauth2/v3/token";
        sender.Settings["Huawei:AppId"] = huawei.AppId;
        sender.Settings["Huawei:AppSecretFile"] = sender.Write("secret", huawei.AppSecret + "\n");
        sender.Settings["Huawei:SealingKeyFile"] = sender.SealingKeyFile();
    }

    /// <param name="sender">Gets the settings.</param>
    /// <param name="services">Push services of one authority, on one host; they are believed as those of the browsers are.</param>
    public static void Use(this SenderUnderTest sender, params IReadOnlyList<FakeWebPush> services)
    {
        sender.Settings["Tls:TrustedCa"] = sender.Write("ca.pem", services[0].Authority.Pem);
        sender.Settings["WebPush:VapidKeyFile"] = sender.Write("vapid.pem", Vapid.ExportPkcs8PrivateKeyPem());
        sender.Settings["WebPush:Subject"] = "mailto:operator@example.org";
        sender.Settings["WebPush:SealingKeyFile"] = sender.SealingKeyFile();
        sender.Settings["WebPush:TestOrigins"] = string.Join(',', services.Select(service => service.Endpoint.OriginalString));
        sender.Settings["WebPush:TrustedHosts"] = services[0].Endpoint.Host;
        sender.Settings["WebPush:CredentialPauseSeconds"] = "1";
    }

    public static TestDevice DeviceOf(Subscription subscription)
    {
        var endpoint = subscription.Endpoint.OriginalString;
        return new TestDevice(JsonSerializer.Serialize(new { endpoint, p256dh = subscription.P256dh, auth = subscription.Auth }))
        {
            ServiceId = endpoint,
            ProviderToken = endpoint,
            ServiceInfo = subscription.ToJson().ToJsonString(),
        };
    }

    public static string ApnsToken() => RandomNumberGenerator.GetHexString(64, lowercase: true);

    public static string FcmToken() => $"{RandomNumberGenerator.GetHexString(22, lowercase: true)}:APA91b{RandomNumberGenerator.GetHexString(128)}";

    public static string HmsToken() => $"IQAAAACy{RandomNumberGenerator.GetHexString(120)}";
}
