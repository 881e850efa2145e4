using System.CommandLine;
using System.Runtime.InteropServices;
using Sotto.LocalServers;
using Sotto.LocalServers.Docker;
using Sotto.LocalServers.Postgres;
using Sotto.LocalServers.Processes;
using Sotto.LocalServers.RabbitMq;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev doctor</c></summary>
internal static class DoctorCommand
{
    private const long DiskFreeMin = 2L << 30;

    public static Command Create()
    {
        var command = new Command("doctor", "Say what is missing on this machine, and how to get it. Exit code 0 when nothing is.");
        command.SetAction((_, cancellation) => RunAsync(cancellation));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellation)
    {
        var docker = await DockerEngine.AnswersAsync(cancellation);
        Finding[] findings =
        [
            new(".NET SDK", true, RuntimeInformation.FrameworkDescription, ""),
            Library("libsodium.so.23", "libsodium23"),
            Library("libzmq.so.5", "libzmq5"),
            Server("RabbitMQ", Servers.RabbitMqVariable, PrivateRabbitMq.IsInstalled, docker, "rabbitmq-server"),
            Server("PostgreSQL", Servers.PostgresVariable, PrivatePostgres.IsInstalled, docker, "postgresql"),
            Tool("setsid", "util-linux"),
            Tool("setpriv", "util-linux"),
            Disk(),
        ];
        foreach (var finding in findings)
            Console.WriteLine($"{(finding.Good ? "ok      " : "missing ")} {finding.What,-16} {(finding.Good ? finding.Detail : finding.Cure)}");

        var missing = findings.Count(finding => !finding.Good);
        Console.WriteLine(missing == 0 ? "Nothing is missing." : $"{missing} missing. As root, ./dev demo and ./dev test install packages themselves.");
        return missing == 0 ? 0 : 1;
    }

    private static Finding Library(string file, string package) =>
        NativeLibrary.TryLoad(file, out _) ? new Finding(file, true, "loads", "") : new Finding(file, false, "", Install(package));

    private static Finding Tool(string program, string package) =>
        Programs.Find(program) is { } path ? new Finding(program, true, path, "") : new Finding(program, false, "", Install(package));

    private static Finding Server(string what, string variable, bool installed, bool docker, string package)
    {
        if (Servers.Variable(variable) is not null)
            return new Finding(what, true, $"named by {variable}", "");

        if (installed)
            return new Finding(what, true, "installed; a private one is started when needed", "");

        return docker ? new Finding(what, true, "a Docker engine answers; a container is started when needed", "") : new Finding(what, false, "", Install(package));
    }

    private static Finding Disk()
    {
        var free = new DriveInfo(Workspace.Root).AvailableFreeSpace;
        var detail = $"{free >> 20} MB free";
        return new Finding("disk", free >= DiskFreeMin, detail, $"{detail}; build and servers need about {DiskFreeMin >> 30} GB");
    }

    private static string Install(string package) => $"apt-get install --no-install-recommends {package}";

    private sealed record Finding(string What, bool Good, string Detail, string Cure);
}
