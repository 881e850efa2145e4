using System.Globalization;
using Sotto.LocalServers.Processes;

namespace Sotto.LocalServers.RabbitMq;

/// <summary>A RabbitMQ node of our own: its own folder, ports, cookie and port mapper; any user may run it, root too. Nothing system-wide is touched.</summary>
/// <remarks>
/// The ports are P for AMQP, P+10000 for management, P+10001 for metrics, P+20000 between nodes, P+20001 for the port mapper (epmd); all on loopback.
/// Started again in the same folder, it comes back with its data, its password, and its ports if they are still free.
/// </remarks>
public sealed class PrivateRabbitMq : IAsyncDisposable
{
    /// <summary>User of the node; the password is made anew for each folder.</summary>
    public const string User = "sotto";

    // A cold Erlang start costs about 5 s of one core; the rest is for machines that have better things to do.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(120);

    // The management listener takes about 6 s to drain.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan EpmdPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OrderPatience = TimeSpan.FromSeconds(30);
    private const int StartsMax = 3;

    private readonly RabbitMqFolder _folder;

    private PrivateRabbitMq(RabbitMqFolder folder, LocalProcess epmd, LocalProcess node, Durability durability)
    {
        _folder = folder;
        Amqp = folder.Amqp;
        Management = folder.Management;
        ProcessId = node.Identity.Pid;
        var signal = durability == Durability.Throwaway ? StopSignal.Kill : StopSignal.Terminate;
        Handle = new ServerHandle
        {
            Kind = "private",
            Processes = [new(node.Identity, signal, StopPatience), new(epmd.Identity, StopSignal.Terminate, EpmdPatience)],
            LogFile = node.LogFile,
            DeleteFolder = durability == Durability.Throwaway ? folder.Path : null,
        };
    }

    /// <summary>Where services connect, user and password included; the virtual host is "/".</summary>
    public Uri Amqp { get; }

    /// <summary>The management API, user and password included.</summary>
    public Uri Management { get; }

    /// <summary>The Erlang machine's own process id.</summary>
    public int ProcessId { get; }

    /// <summary>How to stop it later.</summary>
    public ServerHandle Handle { get; }

    /// <summary>True when the programs are installed.</summary>
    public static bool IsInstalled => File.Exists(RabbitMqFolder.ServerScript) && Programs.Find("epmd") is not null && Programs.Find("erl") is not null;

    /// <summary>Starts a node whose data is in <paramref name="folder"/> and waits until it serves; throws with the log's tail when it does not.</summary>
    public static async Task<PrivateRabbitMq> StartAsync(
        string folder, Durability durability = Durability.Throwaway, CancellationToken cancellation = default)
    {
        if (!IsInstalled)
            throw new LocalServerException("RabbitMQ is not installed; install the package 'rabbitmq-server'.");

        for (var start = 1; ; start++)
        {
            var files = RabbitMqFolder.Open(folder);
            using var ports = await files.TakePortsAsync(cancellation);
            files.Write();
            try
            {
                return await StartAsync(files, durability, cancellation);
            }
            catch (LocalServerException e) when (start < StartsMax && e.Message.Contains("eaddrinuse", StringComparison.Ordinal))
            {
                // Somebody was quicker by a hair: other ports.
                files.ForgetPorts();
            }
        }
    }

    /// <summary>The node dies as in a power cut; its data stays.</summary>
    public async Task KillAsync()
    {
        foreach (var process in Handle.Processes)
            await process.Identity.StopAsync(TimeSpan.Zero, StopSignal.Kill);
    }

    /// <summary>Gives the node an order by its own tool, such as <c>set_vm_memory_high_watermark 0.4</c>. False when the tool says no.</summary>
    public async Task<bool> OrderAsync(CancellationToken cancellation, params string[] order)
    {
        var tool = LocalProcess.Start(new ProcessLaunch
        {
            Name = "rabbitmqctl",
            Program = RabbitMqFolder.ControlScript,
            Arguments = ["-n", RabbitMqFolder.NodeName, .. order],
            LogFile = Path.Combine(_folder.LogFolder, "orders.log"),
            Environment = _folder.Environment,
        });
        try
        {
            return await Polling.UntilAsync(() => tool.HasEnded, OrderPatience, cancellation) && tool.ExitCode == 0;
        }
        finally
        {
            await tool.StopGroupAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Handle.StopAsync();

    private static async Task<PrivateRabbitMq> StartAsync(RabbitMqFolder files, Durability durability, CancellationToken cancellation)
    {
        // A port mapper of our own, in the foreground, so that its process id is known. The node finds it and starts no other.
        var epmd = LocalProcess.Start(new ProcessLaunch
        {
            Name = "RabbitMQ's port mapper",
            Program = Programs.Find("epmd")!,
            Arguments = ["-port", files.EpmdPort.ToString(CultureInfo.InvariantCulture), "-address", "127.0.0.1"],
            LogFile = Path.Combine(files.LogFolder, "epmd.log"),
            Environment = files.Environment,
        });
        LocalProcess? node = null;
        try
        {
            await epmd.WaitUntilReadyAsync(() => TcpProbe.AcceptsAsync(files.EpmdPort), StartPatience, cancellation);
            node = LocalProcess.Start(new ProcessLaunch
            {
                Name = "RabbitMQ",
                Program = RabbitMqFolder.ServerScript,
                LogFile = Path.Combine(files.LogFolder, "console.log"),
                WorkingFolder = files.Path,
                Environment = files.Environment,
            });
            // The AMQP listener opens last, when everything else works.
            await node.WaitUntilReadyAsync(() => AmqpProbe.AnswersAsync(files.Port), StartPatience, cancellation);
            return new PrivateRabbitMq(files, epmd, node, durability);
        }
        catch
        {
            if (node is not null)
                await node.Identity.StopAsync(TimeSpan.Zero, StopSignal.Kill, CancellationToken.None);

            await epmd.Identity.StopAsync(TimeSpan.Zero, StopSignal.Kill, CancellationToken.None);
            throw;
        }
    }
}
