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
    private const string HuaweiAppId = "100000001";

    /// <summary>The settings to add to those given, and the services that cannot run, each with the reason.</summary>
    public static (Dictionary<string, string> Settings, Dictionary<string, string> LeftOut) Complete(IReadOnlyDictionary<string, string> given, string credentials)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var leftOut = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!given.ContainsKey("Swarm:Oxend"))
            leftOut[ServiceCatalogue.Listener] = "no Swarm:Oxend is set";

        if (!CompleteApns("Apns", given, settings, credentials) & !CompleteApns("ApnsSandbox", given, settings, credentials))
            leftOut[ServiceCatalogue.Apns] = "neither Apns:Endpoint nor Apns:Topic is set, nor ApnsSandbox's";
        if (!CompleteFcm(given, settings, credentials))
            leftOut[ServiceCatalogue.Fcm] = "neither Fcm:Endpoint nor Fcm:ServiceAccountFile is set";
        if (!CompleteHuawei(given, settings, credentials))
            leftOut[ServiceCatalogue.Huawei] = "neither Huawei:Endpoint nor Huawei:AppId nor Huawei:ServiceAccountFile is set";

        foreach (var sender in SenderManifest.All.Where(sender => sender is { OnRequest: false, Service: not (ServiceCatalogue.Apns or ServiceCatalogue.Fcm or ServiceCatalogue.Huawei) }))
        {
            var sections = sender.Settings.Keys.Select(key => key.Split(':')[0]).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
            if (!given.Keys.Any(key => sections.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase)))
                leftOut[sender.Service] = $"no setting of {string.Join(" or ", sections)} is given";
        }

        return (settings, leftOut);
    }

    // True when the section is served.
    private static bool CompleteApns(string section, IReadOnlyDictionary<string, string> given, Dictionary<string, string> settings, string credentials)
    {
        if (IsGiven(given, section, "Topic", "Apps"))
            return true;
        if (!IsGiven(given, section, "Endpoint"))
            return false;

        settings[$"{section}:Topic"] = Topic;
        if (!IsGiven(given, section, "KeyFile", "Key", "CertificateFile", "Certificate"))
        {
            settings[$"{section}:KeyFile"] = MadeUpCredentials.P256Key(credentials, "apns-key.p8");
            settings.TryAdd($"{section}:TeamId", given.GetValueOrDefault($"{section}:TeamId") ?? TeamId);
            settings.TryAdd($"{section}:KeyId", given.GetValueOrDefault($"{section}:KeyId") ?? KeyId);
        }

        return true;
    }

    private static bool CompleteFcm(IReadOnlyDictionary<string, string> given, Dictionary<string, string> settings, string credentials)
    {
        if (IsGiven(given, "Fcm", "ServiceAccountFile", "ServiceAccount", "Apps"))
            return true;
        if (!IsGiven(given, "Fcm", "Endpoint"))
            return false;

        settings["Fcm:ServiceAccountFile"] = MadeUpCredentials.ServiceAccount(credentials, given.GetValueOrDefault("Fcm:TokenEndpoint") ?? given["Fcm:Endpoint"].TrimEnd('/') + "/token");
        return true;
    }

    private static bool CompleteHuawei(IReadOnlyDictionary<string, string> given, Dictionary<string, string> settings, string credentials)
    {
        if (IsGiven(given, "Huawei", "AppId", "ServiceAccountFile", "ServiceAccount", "Apps"))
            return true;
        if (!IsGiven(given, "Huawei", "Endpoint"))
            return false;

        settings["Huawei:AppId"] = HuaweiAppId;
        if (!IsGiven(given, "Huawei", "AppSecret", "AppSecretFile"))
            settings["Huawei:AppSecretFile"] = MadeUpCredentials.Secret(credentials, "hms-app-secret");
        return true;
    }

    // By itself, or by a setting below it: the apps have sections of their own.
    private static bool IsGiven(IReadOnlyDictionary<string, string> given, string section, params IReadOnlyList<string> names) =>
        names.Any(name => given.Keys.Any(key => $"{key}:".StartsWith($"{section}:{name}:", StringComparison.OrdinalIgnoreCase)));
}
