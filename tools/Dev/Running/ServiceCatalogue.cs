namespace Sotto.Dev.Running;

/// <summary>The services, in the order in which they are shown, and what each is told beyond what all are told.</summary>
internal static class ServiceCatalogue
{
    public const string Api = "SubscriptionApi";
    public const string Listener = "SwarmListener";
    public const string Encryptor = "Encryptor";
    public const string Apns = "ApnsSender";
    public const string Fcm = "FcmSender";
    public const string Huawei = "HuaweiSender";

    public static IReadOnlyList<string> All { get; } = [Api, Listener, Encryptor, Apns, Fcm, Huawei];

    // Only these own tables; a sender is given no database.
    private static readonly string[] WithDatabase = [Api, Listener, Encryptor];

    /// <summary>The settings of one service that do not come from simulators or from the command line.</summary>
    public static Dictionary<string, string> Settings(string service, DevelopmentKeys keys, string rabbitMq, string postgres, string apiUrl)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["ConnectionStrings:RabbitMq"] = rabbitMq };
        if (WithDatabase.Contains(service))
            settings["ConnectionStrings:Postgres"] = postgres;

        foreach (var (key, value) in Own(service, keys, apiUrl))
            settings[key] = value;

        return settings;
    }

    private static IEnumerable<(string Key, string Value)> Own(string service, DevelopmentKeys keys, string apiUrl) => service switch
    {
        Api =>
        [
            ("Api:Urls", apiUrl),
            ("Onion:PrivateKeyFile", keys.Private("onion")),
            ("Sealing:PublicKeysFolder", keys.PublicFolder),
        ],
        Encryptor => [("Encryptor:PrivateKeyFile", keys.Private("encryptor"))],
        Apns => [("Apns:SealingKeyFile", keys.Private("apns")), ("ApnsSandbox:SealingKeyFile", keys.Private("apns-sandbox"))],
        Fcm => [("Fcm:SealingKeyFile", keys.Private("firebase"))],
        Huawei => [("Huawei:SealingKeyFile", keys.Private("huawei"))],
        _ => [],
    };
}
