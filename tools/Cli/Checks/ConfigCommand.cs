using System.CommandLine;
using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Sotto.Hosting;
using Sotto.Hosting.Settings;

namespace Sotto.Cli.Checks;

/// <summary><c>sotto config check</c>: each service reads its settings as at its start, says what is wrong with them, and ends before it touches broker, database or network.</summary>
internal static class ConfigCommand
{
    private static readonly string[] Services = ["SubscriptionApi", "SwarmListener", "Encryptor", "DeadLetterKeeper", .. Senders()];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Option<string[]> Service = new("--service") { Description = $"Only this service; may be repeated. They are {string.Join(", ", Services)}." };
    private static readonly Option<DirectoryInfo> Programs = new("--programs") { Description = "Where the services are installed, a folder NAME with NAME.dll for each. Else those built in this repository." };

    public static Command Create()
    {
        var check = new Command("check", "Check every service's settings, from --settings and the environment, and say what is wrong, in a sentence for each. Nothing is started.") { Service, Programs };
        // The stub is there for tests, and checked only when somebody asks.
        Service.AcceptOnlyFromAmong([.. Services, "StubSender"]);
        check.Runs(RunAsync);
        return new Command("config", "Look at settings.") { check };
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var settings = Servers.Read(arguments);
        var results = new List<ConfigResult>();
        foreach (var service in arguments.GetValue(Service) is { Length: > 0 } named ? named : Services)
            results.Add(await CheckAsync(service, PathOf(arguments, service), settings, cancellationToken));
        Output.Print(arguments, results, results.SelectMany(result => result.Wrong.Count == 0
            ? [$"right  {result.Service}"]
            : result.Wrong.Select(sentence => $"wrong  {result.Service}: {sentence}")));
        return results.TrueForAll(result => result.Wrong.Count == 0) ? Output.Done : Output.WrongSettings;
    }

    // In the repository, those that are in it; the one that delivers nowhere is for tests.
    private static IEnumerable<string> Senders() => Environment.GetEnvironmentVariable("SOTTO_ROOT") is { } root && Directory.Exists(Path.Combine(root, "services"))
        ? Directory.GetDirectories(Path.Combine(root, "services"), "*Sender").Select(folder => Path.GetFileName(folder)!).Where(name => name != "StubSender").Order(StringComparer.Ordinal)
        : ["ApnsSender", "FcmSender", "HuaweiSender", "WebPushSender"];

    private static string PathOf(ParseResult arguments, string service)
    {
        if (arguments.GetValue(Programs) is { } folder)
            return Path.Combine(folder.FullName, service, $"{service}.dll");
        var root = Environment.GetEnvironmentVariable("SOTTO_ROOT") ?? throw new SettingsException("Say where the services are installed: --programs.");
        return Path.Combine(root, "artifacts", "bin", service, "release", $"{service}.dll");
    }

    private static async Task<ConfigResult> CheckAsync(string service, string program, IConfiguration settings, CancellationToken cancellationToken)
    {
        if (!File.Exists(program))
            return new ConfigResult(service, [$"the program is not there to be asked ({program}); build it, or say --programs."]);
        var start = new ProcessStartInfo(Environment.ProcessPath ?? "dotnet") { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Directory.GetCurrentDirectory() };
        start.ArgumentList.Add(program);
        start.ArgumentList.Add(ServiceHost.CheckOnly);
        // The environment is handed down as it is; what the file and the options say comes on top.
        foreach (var (key, value) in settings.AsEnumerable().Where(entry => entry.Value is not null && entry.Key.Contains(':', StringComparison.Ordinal)))
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        using var process = Process.Start(start) ?? throw new OperatorException($"{program} cannot be started.");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(Patience);
        try
        {
            var (error, output) = (process.StandardError.ReadToEndAsync(ending.Token), process.StandardOutput.ReadToEndAsync(ending.Token));
            await process.WaitForExitAsync(ending.Token);
            await output;
            return new ConfigResult(service, process.ExitCode == 0 ? [] : Sentences(await error, process.ExitCode));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            return new ConfigResult(service, ["it did not answer in time."]);
        }
    }

    private static string[] Sentences(string error, int exitCode)
    {
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return exitCode == ServiceHost.ExitCodeSettings && lines.Length > 0 ? lines : [$"it ended with exit code {exitCode}: {lines.FirstOrDefault() ?? "without a word"}"];
    }
}

/// <summary>What is wrong with a service's settings; nothing, if the list is empty.</summary>
internal sealed record ConfigResult(string Service, IReadOnlyList<string> Wrong);
