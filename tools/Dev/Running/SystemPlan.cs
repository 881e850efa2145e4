using Sotto.LocalServers;

namespace Sotto.Dev.Running;

/// <summary>What to start.</summary>
public sealed record SystemPlan
{
    /// <summary>Where the system keeps its files.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether the private servers keep their data.</summary>
    public Durability Durability { get; init; } = Durability.Durable;

    /// <summary>A broker to use: user, password and virtual host included. By default one is found or started.</summary>
    public Uri? RabbitMq { get; init; }

    /// <summary>A database to use, in Npgsql's form. By default one is found or started.</summary>
    public string? Postgres { get; init; }

    /// <summary>How many instances of a service, where it is not one; 0 leaves it out.</summary>
    public IReadOnlyDictionary<string, int> Scale { get; init; } = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether to start the simulated network and providers.</summary>
    public bool Simulators { get; init; } = true;

    /// <summary>Settings for all services, over everything that this tool would have said; keys as in <c>Section:Key</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Extra arguments for a simulator, by its name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> SimulatorArguments { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Settings of one instance, over everything else: for a system whose services have wires of their own.</summary>
    public Func<string, int, IEnumerable<KeyValuePair<string, string>>> InstanceSettings { get; init; } = (_, _) => [];

    /// <summary>Environment of one instance, beside its settings.</summary>
    public Func<string, int, IEnumerable<KeyValuePair<string, string>>> InstanceEnvironment { get; init; } = (_, _) => [];

    /// <summary>Whether everything stops when this process ends, however it ends.</summary>
    public bool Guarded { get; init; }
}
