using System.Text.Json;
using System.Text.Json.Nodes;
using Sotto.LocalServers;
using Sotto.LocalServers.Processes;

namespace Sotto.Dev.Running;

/// <summary>A program of ours that runs.</summary>
public sealed record RunningProgram
{
    /// <summary>Project name, such as <c>ApnsSender</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Which of several instances, from 1.</summary>
    public required int Instance { get; init; }

    /// <summary>Which process.</summary>
    public required ProcessIdentity Process { get; init; }

    /// <summary>Where it writes.</summary>
    public required string LogFile { get; init; }

    /// <summary>Services: where health and metrics are.</summary>
    public Uri? Admin { get; init; }

    /// <summary>SubscriptionApi: where clients connect.</summary>
    public Uri? Api { get; init; }

    /// <summary>Simulators: the line that the program printed when it was ready.</summary>
    public JsonObject? Ready { get; init; }

    /// <summary>The name by which <c>./dev logs</c> knows it: the first instance has no number.</summary>
    public string Label => Instance == 1 ? Name : $"{Name}-{Instance}";
}

/// <summary>A running system, as kept in its state file: enough to find, show and stop all of it. The file holds passwords and is its owner's alone.</summary>
public sealed record RunState
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    /// <summary>When it was started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Names this run on servers that others share; null where the data is to stay.</summary>
    public string? Run { get; init; }

    /// <summary>The subscription API's address.</summary>
    public Uri? Api { get; init; }

    /// <summary>The key that onion requests are sealed to, in hex.</summary>
    public string? OnionPublicKey { get; init; }

    /// <summary>Certificate authority of the providers in use, when it is not the system's.</summary>
    public string? TrustedCa { get; init; }

    /// <summary>The broker.</summary>
    public BrokerServer? Broker { get; init; }

    /// <summary>The database.</summary>
    public DatabaseServer? Database { get; init; }

    /// <summary>The services, every instance.</summary>
    public IReadOnlyList<RunningProgram> Services { get; init; } = [];

    /// <summary>The simulators.</summary>
    public IReadOnlyList<RunningProgram> Simulators { get; init; } = [];

    /// <summary>True while anything that it started still runs.</summary>
    public bool IsAnythingAlive =>
        Services.Concat(Simulators).Any(program => program.Process.IsAlive)
        || Broker is { Handle.Processes.Count: > 0, Handle.ProcessesAlive: true }
        || Database is { Handle.Processes.Count: > 0, Handle.ProcessesAlive: true }
        || Broker?.Handle.Container is not null || Database?.Handle.Container is not null;

    /// <summary>The state that was written, or null when there is none.</summary>
    public static RunState? Load(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize<RunState>(File.ReadAllText(file), Json) : null;

    /// <summary>Writes it, all or nothing, for its owner alone.</summary>
    public void Save(string file) => OwnerOnlyFile.Replace(file, JsonSerializer.Serialize(this, Json));
}
