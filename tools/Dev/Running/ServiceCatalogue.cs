namespace Sotto.Dev.Running;

/// <summary>The services, in the order in which they are shown, and what each is told beyond what all are told.</summary>
internal static class ServiceCatalogue
{
    public const string Api = "SubscriptionApi";
    public const string Listener = "SwarmListener";
    public const string Encryptor = "Encryptor";
    public const string Keeper = "DeadLetterKeeper";
    public const string Apns = "ApnsSender";
    public const string Fcm = "FcmSender";
    public const string Huawei = "HuaweiSender";

    public static IReadOnlyList<string> All { get; } = [Api, Listener, Encryptor, Keeper, .. SenderManifest.All.Select(sender => sender.Service)];

    // Started only when --scale asks for them.
    private static readonly string[] OnRequest = [Keeper, .. SenderManifest.All.Where(sender => sender.OnRequest).Select(sender => sender.Service)];

    // Only these own tables; a sender is given no database.
    private static readonly string[] WithDatabase = [Api, Listener, Encryptor, Keeper];

    /// <summary>How many instances there are when nobody says.</summary>
    public static int InstancesByDefault(string service) => OnRequest.Contains(service) ? 0 : 1;

    /// <summary>The settings of one service that do not come from simulators or from the command line.</summary>
    public static Dictionary<string, string> Settings(string service, DevelopmentKeys keys, string credentials, string rabbitMq, string postgres, string apiUrl)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["ConnectionStrings:RabbitMq"] = rabbitMq };
        if (WithDatabase.Contains(service))
            settings["ConnectionStrings:Postgres"] = postgres;

        foreach (var (key, value) in Own(service, keys, credentials, apiUrl))
            settings[key] = value;

        return settings;
    }

    private static IEnumerable<(string Key, string Value)> Own(string service, DevelopmentKeys keys, string credentials, string apiUrl) => service switch
    {
        Api =>
        [
            ("Api:Urls", apiUrl),
            ("Onion:PrivateKeyFile", keys.Private("onion")),
            ("Sealing:PublicKeysFolder", keys.PublicFolder),
        ],
        Encryptor => [("Encryptor:PrivateKeyFile", keys.Private("encryptor"))],
        _ => SenderManifest.All.FirstOrDefault(sender => sender.Service == service) is { } sender ? OfSender(sender, keys, credentials) : [],
    };

    private static IEnumerable<(string Key, string Value)> OfSender(SenderManifest sender, DevelopmentKeys keys, string credentials) =>
        sender.Settings.Select(setting => (setting.Key, SenderManifest.Fill(setting.Value, name => name.Split(':', 2) switch
        {
            ["key", var key] => keys.Private(key),
            ["p256", var file] => MadeUpCredentials.P256Key(credentials, file),
            ["secret", var file] => MadeUpCredentials.Secret(credentials, file),
            _ => throw new DevException($"sender.json of {sender.Service} knows no {{{name}}}: there are {{key:NAME}}, {{p256:FILE}} and {{secret:FILE}}."),
        })));
}
