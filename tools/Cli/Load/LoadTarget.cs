using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.Hosting.Settings;

namespace Sotto.Cli.Load;

/// <summary>The system that <c>./dev up</c> runs in this repository, as far as a load needs it. It was written for its owner alone and holds more than is read here.</summary>
/// <param name="Api">Where clients subscribe.</param>
/// <param name="OnionKey">The key that onion requests are sealed to, hex.</param>
/// <param name="Controls">The control endpoints of its simulators, by their names.</param>
internal sealed record LoadTarget(Uri? Api, string? OnionKey, IReadOnlyDictionary<string, Uri> Controls)
{
    /// <summary>No system of <c>./dev up</c>.</summary>
    public static LoadTarget None { get; } = new(null, null, new Dictionary<string, Uri>(StringComparer.Ordinal));

    /// <summary>The system that runs; nothing of it when none does.</summary>
    /// <exception cref="SettingsException">Its state cannot be read.</exception>
    public static LoadTarget Running(ParseResult arguments)
    {
        if (Environment.GetEnvironmentVariable("SOTTO_ROOT") is not { Length: > 0 } root)
            return None;
        var file = Path.Combine(root, ".local", "run", "state.json");
        if (!File.Exists(file))
            return None;
        try
        {
            var state = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
            Output.Remark(arguments, $"Using the system that ./dev up started ({file}).");
            return new(Address(state[nameof(Api)]), state["OnionPublicKey"]?.GetValue<string>(), ControlsOf(state));
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidOperationException)
        {
            throw new SettingsException($"The state of the running system, {file}, cannot be read.");
        }
    }

    /// <summary>The doors of the simulators when both the network and this provider are simulated.</summary>
    public SimulatorDoors? Doors(string provider)
    {
        var simulator = provider switch { "apns" or "apns-sandbox" => "FakeApns", "firebase" => "FakeFcm", "huawei" => "FakeHms", _ => "" };
        return Controls.TryGetValue("FakeSwarm", out var swarm) && Controls.TryGetValue(simulator, out var control) ? new(swarm, control) : null;
    }

    private static Dictionary<string, Uri> ControlsOf(JsonObject state)
    {
        var controls = new Dictionary<string, Uri>(StringComparer.Ordinal);
        foreach (var program in state["Simulators"]?.AsArray() ?? [])
        {
            if (program?["Name"]?.GetValue<string>() is { } name && Address(program["Ready"]?["control"]) is { } control)
                controls[name] = control;
        }

        return controls;
    }

    private static Uri? Address(JsonNode? text) => Uri.TryCreate(text?.GetValue<string>(), UriKind.Absolute, out var address) ? address : null;
}
