using Sotto.Bench.Running;
using Sotto.Dev;
using Sotto.Dev.Running;
using Sotto.LocalServers;

namespace Sotto.Bench;

/// <summary>What a bench is given: the command line's wishes, a voice, a report to fill, and systems to measure.</summary>
internal sealed class BenchContext(BenchOptions options, string bench, Action<string> say)
{
    /// <summary>What was asked for.</summary>
    public BenchOptions Options => options;

    /// <summary>What it has found so far. Figures that were told of stay, whatever happens to the bench afterwards.</summary>
    public Report Report { get; } = new();

    /// <summary>Files of this bench alone; emptied when a system starts.</summary>
    public string Folder { get; } = Workspace.Local("bench", bench);

    /// <summary>A line of progress, on standard error.</summary>
    public void Say(string line) => say($"{bench}: {line}");

    /// <summary>
    /// Starts a system of this bench's own: private, durable servers (commits and confirms reach the disk), simulators, and the services, every one a process. It stops,
    /// and its data goes, when it is disposed or this process ends.
    /// </summary>
    public async Task<BenchSystem> StartSystemAsync(SystemPlan plan, CancellationToken cancellation)
    {
        await BenchSystem.ClearAsync(Folder, cancellation);
        Say("starting a system ...");
        var system = await BenchSystem.StartAsync(plan with { Folder = Folder, Durability = Durability.Durable, Guarded = true }, cancellation);
        if (system.HasOwnServers)
            return system;
        await system.DisposeAsync();
        throw new BenchException("RabbitMQ and PostgreSQL must be installed here: a bench starts servers of its own, whose settings and processor time it knows. It measures none in containers or elsewhere.");
    }

    /// <summary>A plan to change with <c>with</c>: one of each service that is named, none of the others.</summary>
    public SystemPlan PlanOf(params ReadOnlySpan<string> services)
    {
        var scale = ServiceCatalogue.All.ToDictionary(service => service, _ => 0, StringComparer.OrdinalIgnoreCase);
        foreach (var service in services)
            scale[service] = 1;
        return new SystemPlan { Folder = Folder, Scale = scale };
    }
}

/// <summary>The command line's wishes.</summary>
/// <param name="Seconds">How long each measurement lasts.</param>
/// <param name="Swarm">Somebody else's storage network, as the listener's <c>Swarm:Oxend</c>; null simulates one.</param>
/// <param name="Subscriptions">How many subscriptions, where a bench lets one choose; null for its own numbers.</param>
/// <param name="OutageMinutes">How long a dead provider stays dead; null for a short while.</param>
internal sealed record BenchOptions(int Seconds, string? Swarm, int? Subscriptions, int? OutageMinutes);
