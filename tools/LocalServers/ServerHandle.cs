using Sotto.LocalServers.Processes;

namespace Sotto.LocalServers;

/// <summary>All that is needed to stop a server later, from another process too; it can be written to a file.</summary>
public sealed record ServerHandle
{
    /// <summary>"private" (our own processes), "docker" (a container of ours) or "given" (somebody else's; never stopped).</summary>
    public required string Kind { get; init; }

    /// <summary>Our own processes, in the order in which they are to be stopped.</summary>
    public IReadOnlyList<ServerProcess> Processes { get; init; } = [];

    /// <summary>The name of our container.</summary>
    public string? Container { get; init; }

    /// <summary>What the server writes, for a person to read.</summary>
    public string? LogFile { get; init; }

    /// <summary>A folder to delete once the server has stopped, because nobody wants its data.</summary>
    public string? DeleteFolder { get; init; }

    /// <summary>A server that somebody else runs.</summary>
    public static ServerHandle Given { get; } = new() { Kind = "given" };

    /// <summary>True while all its processes run. A container and a given server are asked by connecting to them, not here.</summary>
    public bool ProcessesAlive => Processes.All(process => process.Identity.IsAlive);

    /// <summary>Stops what is ours, in bounded time, and deletes what nobody wants. May be called again.</summary>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        foreach (var process in Processes)
            await process.Identity.StopAsync(process.Patience, process.Signal, cancellation);

        if (Container is not null)
            await Docker.DockerEngine.RemoveAsync(Container, cancellation);

        if (DeleteFolder is not null && Directory.Exists(DeleteFolder))
            Directory.Delete(DeleteFolder, recursive: true);
    }
}

/// <summary>One process of a server, and how it likes to be stopped.</summary>
/// <param name="Identity">Which process.</param>
/// <param name="Signal">How to ask it.</param>
/// <param name="Patience">How long to wait before it is killed.</param>
public sealed record ServerProcess(ProcessIdentity Identity, StopSignal Signal, TimeSpan Patience);

/// <summary>What becomes of a server's data.</summary>
public enum Durability
{
    /// <summary>For tests: no time is spent on surviving a crash, and the folder is deleted when the server is stopped.</summary>
    Throwaway,

    /// <summary>As in earnest: what is committed survives, and the folder stays.</summary>
    Durable,
}
