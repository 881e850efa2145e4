using System.Text.Json.Nodes;

namespace Sotto.Dev.Running;

/// <summary>The simulators, and what services have to be told to use them: read from the line that each prints when it is ready.</summary>
internal static class SimulatorCatalogue
{
    public const string Swarm = "FakeSwarm";
    public const string Apns = "FakeApns";
    public const string Fcm = "FakeFcm";
    public const string Hms = "FakeHms";
    public const string WebPush = "FakeWebPush";

    /// <summary>The network, and the provider of each sender.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Swarm, .. SenderManifest.All.Select(sender => sender.Simulator).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>The arguments to start one with.</summary>
    public static IEnumerable<string> Arguments(string simulator, string credentials) =>
        simulator == Swarm ? [] : ["--credentials-folder", credentials];

    /// <summary>The settings by which services use it.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Settings(string simulator, JsonObject ready) => simulator == Swarm
        ? [KeyValuePair.Create("Swarm:Oxend", Text(ready, "oxend"))]
        : SenderManifest.All.Where(sender => sender.Simulator == simulator)
            .SelectMany(sender => sender.Simulated)
            .Select(setting => KeyValuePair.Create(setting.Key, SenderManifest.Fill(setting.Value, name => Text(ready, name))));

    /// <summary>A text in a simulator's ready line.</summary>
    public static string Text(JsonObject ready, string name) =>
        ready[name]?.GetValue<string>() ?? throw new InvalidOperationException($"The simulator's ready line has no '{name}': {ready.ToJsonString()}");

    /// <summary>The address that services use, as far as the ready line names one.</summary>
    public static Uri? Address(JsonObject ready) =>
        (ready["endpoint"] ?? ready["oxend"])?.GetValue<string>() is { } text && Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : null;
}
