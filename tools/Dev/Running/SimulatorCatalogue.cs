using System.Text.Json.Nodes;

namespace Sotto.Dev.Running;

/// <summary>The simulators, and what services have to be told to use them: read from the line that each prints when it is ready.</summary>
internal static class SimulatorCatalogue
{
    public const string Swarm = "FakeSwarm";
    public const string Apns = "FakeApns";
    public const string Fcm = "FakeFcm";
    public const string Hms = "FakeHms";

    public static IReadOnlyList<string> All { get; } = [Swarm, Apns, Fcm, Hms];

    /// <summary>The arguments to start one with.</summary>
    public static IEnumerable<string> Arguments(string simulator, string credentials) =>
        simulator == Swarm ? [] : ["--credentials-folder", credentials];

    /// <summary>The settings by which services use it.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Settings(string simulator, JsonObject ready) => (simulator switch
    {
        Swarm => [("Swarm:Oxend", Text(ready, "oxend"))],
        Apns =>
        [
            ("Apns:Endpoint", Text(ready, "endpoint")), .. ApnsCredentials("Apns", ready),
            ("ApnsSandbox:Endpoint", Text(ready, "sandboxEndpoint")), .. ApnsCredentials("ApnsSandbox", ready),
            ("Tls:TrustedCa", Text(ready, "trustedCa")),
        ],
        Fcm =>
        [
            ("Fcm:Endpoint", Text(ready, "endpoint")), ("Fcm:TokenEndpoint", Text(ready, "tokenEndpoint")),
            ("Fcm:ServiceAccountFile", Text(ready, "serviceAccountFile")), ("Tls:TrustedCa", Text(ready, "trustedCa")),
        ],
        Hms =>
        [
            ("Huawei:Endpoint", Text(ready, "endpoint")), ("Huawei:TokenEndpoint", Text(ready, "tokenEndpoint")),
            ("Huawei:AppId", Text(ready, "appId")), ("Huawei:AppSecretFile", Text(ready, "appSecretFile")), ("Tls:TrustedCa", Text(ready, "trustedCa")),
        ],
        _ => ((string, string)[])[],
    }).Select(setting => KeyValuePair.Create(setting.Item1, setting.Item2));

    /// <summary>A text in a simulator's ready line.</summary>
    public static string Text(JsonObject ready, string name) =>
        ready[name]?.GetValue<string>() ?? throw new InvalidOperationException($"The simulator's ready line has no '{name}': {ready.ToJsonString()}");

    /// <summary>The address that services use, as far as the ready line names one.</summary>
    public static Uri? Address(JsonObject ready) =>
        (ready["endpoint"] ?? ready["oxend"])?.GetValue<string>() is { } text && Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : null;

    private static IEnumerable<(string Key, string Value)> ApnsCredentials(string section, JsonObject ready) =>
    [
        ($"{section}:Topic", Text(ready, "topic")), ($"{section}:TeamId", Text(ready, "teamId")),
        ($"{section}:KeyId", Text(ready, "keyId")), ($"{section}:KeyFile", Text(ready, "keyFile")),
    ];
}
