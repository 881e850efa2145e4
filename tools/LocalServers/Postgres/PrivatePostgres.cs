using System.Globalization;
using Sotto.LocalServers.Processes;

namespace Sotto.LocalServers.Postgres;

/// <summary>A PostgreSQL cluster of our own: its own folder, port and password, run as an ordinary user even when we are root.</summary>
/// <remarks>It listens on 127.0.0.1 only and has no socket file, whose path would have to be short. Started again in the same folder, it has its data, password and, if free, port.</remarks>
public sealed class PrivatePostgres : IAsyncDisposable
{
    // A start takes about 0.2 s, and recovery after a crash seconds; the rest is for busy machines.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    private const int ConnectionsMax = 400;

    private PrivatePostgres(PostgresFolder folder, LocalProcess server, Durability durability)
    {
        ConnectionString = folder.ConnectionString;
        ProcessId = server.Identity.Pid;
        var signal = durability == Durability.Throwaway ? StopSignal.Quit : StopSignal.Interrupt;
        Handle = new ServerHandle
        {
            Kind = "private",
            Processes = [new(server.Identity, signal, StopPatience)],
            LogFile = server.LogFile,
            DeleteFolder = durability == Durability.Throwaway ? folder.Path : null,
        };
    }

    /// <summary>The database "postgres", as its owner; password included.</summary>
    public string ConnectionString { get; }

    /// <summary>The server's first process.</summary>
    public int ProcessId { get; }

    /// <summary>How to stop it later.</summary>
    public ServerHandle Handle { get; }

    /// <summary>True when the programs are installed.</summary>
    public static bool IsInstalled => PostgresFolder.ProgramsFolder(version: null) is not null;

    /// <summary>Starts a server whose data is in <paramref name="folder"/>, makes the cluster there if there is none, and waits until it serves.</summary>
    /// <param name="folder">Where; when the ordinary user cannot reach it, a folder under the temporary folder serves instead.</param>
    /// <param name="durability">Whether commits survive a crash and the folder a stop.</param>
    /// <param name="say">Told a line when another folder had to be taken.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<PrivatePostgres> StartAsync(
        string folder, Durability durability = Durability.Throwaway, Action<string>? say = null, CancellationToken cancellation = default)
    {
        var files = await PostgresFolder.OpenAsync(folder, durability, say ?? (_ => { }), cancellation);
        using var ports = await files.TakePortAsync(cancellation);
        var server = LocalProcess.Start(new ProcessLaunch
        {
            Name = "PostgreSQL",
            Program = Path.Combine(files.Binaries, "postgres"),
            Arguments = [.. ServerArguments(files, durability)],
            LogFile = files.LogFile,
            WorkingFolder = files.DataFolder,
            User = files.User,
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["PGDATA"] = null, ["PGPORT"] = null },
        });
        try
        {
            await server.WaitUntilReadyAsync(() => PostgresDatabase.AcceptsAsync(files.ConnectionString), StartPatience, cancellation);
        }
        catch
        {
            await server.Identity.StopAsync(TimeSpan.Zero, StopSignal.Kill, CancellationToken.None);
            throw;
        }

        return new PrivatePostgres(files, server, durability);
    }

    /// <summary>The server dies as in a power cut; its data stays.</summary>
    public async Task KillAsync() => await Handle.Processes[0].Identity.StopAsync(TimeSpan.Zero, StopSignal.Kill);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Handle.StopAsync();

    private static IEnumerable<string> ServerArguments(PostgresFolder files, Durability durability)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["listen_addresses"] = "127.0.0.1",
            ["port"] = files.Port.ToString(CultureInfo.InvariantCulture),
            ["unix_socket_directories"] = "",
            ["max_connections"] = ConnectionsMax.ToString(CultureInfo.InvariantCulture),
            ["password_encryption"] = "scram-sha-256",
        };
        if (durability == Durability.Throwaway)
        {
            settings["fsync"] = "off";
            settings["synchronous_commit"] = "off";
            settings["full_page_writes"] = "off";
        }

        return ["-D", files.DataFolder, .. settings.SelectMany(setting => (string[])["-c", $"{setting.Key}={setting.Value}"])];
    }
}
