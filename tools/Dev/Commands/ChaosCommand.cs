using System.CommandLine;
using Sotto.Dev.Chaos;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev chaos</c></summary>
internal static class ChaosCommand
{
    private const int PushesMax = 1_000_000;
    private const int FaultsMax = 10_000;

    public static Command Create()
    {
        var seed = new Option<int>("--seed") { Description = "Decides the devices, the messages, and what is done to the system when.", DefaultValueFactory = _ => 1 };
        var pushes = new Option<int>("--pushes") { Description = "How many pushes to make: messages times subscribed devices.", DefaultValueFactory = _ => 10_000 };
        var faults = new Option<int>("--faults") { Description = "How many things to break.", DefaultValueFactory = _ => 30 };
        var minutes = new Option<double>("--minutes") { Description = "The whole run fits in so many minutes.", DefaultValueFactory = _ => 10 };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the result, and what was done when, to this file." };
        var scan = new Option<bool>("--scan") { Description = "Afterwards look for the run's device tokens, envelope keys and account ids in everything that it left.", DefaultValueFactory = _ => true };
        var only = new Option<FaultKind[]>("--only") { Description = "Only faults of these kinds; may be repeated.", DefaultValueFactory = _ => [] };
        var command = new Command("chaos", "Break the whole system on purpose under load, and prove that no push was lost. Exit code 0 only if the books balance and no secret is found.")
        {
            seed, pushes, faults, minutes, json, scan, only,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new ChaosOptions
            {
                Seed = parsed.GetValue(seed),
                Pushes = Within(parsed.GetValue(pushes), PushesMax, "--pushes"),
                Faults = Within(parsed.GetValue(faults), FaultsMax, "--faults"),
                TimeMax = TimeSpan.FromMinutes(parsed.GetValue(minutes)),
                Scan = parsed.GetValue(scan),
                Only = parsed.GetValue(only)!,
                Folder = Workspace.Local("chaos"),
            },
            parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ChaosOptions options, FileInfo? json, CancellationToken cancellation)
    {
        var progress = new Progress();
        var report = await new ChaosRun(options, progress.Say).RunAsync(cancellation);
        Console.WriteLine();
        report.Write(Console.Out);
        Console.WriteLine();
        if (json is not null)
            await File.WriteAllTextAsync(json.FullName, report.ToJson() + "\n", cancellation);
        progress.Say(report.IsGood ? "Every promise was kept." : $"The promise was BROKEN. ./dev chaos --seed {options.Seed} --pushes {options.Pushes} --faults {options.Faults} does it again; logs are in .local/chaos/logs.");
        return report.IsGood ? 0 : 1;
    }

    private static int Within(int value, int max, string option) =>
        value >= 0 && value <= max ? value : throw new DevException($"{option} is a number from 0 to {max}.");
}
