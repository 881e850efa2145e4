using System.CommandLine;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;
using Sotto.LocalServers;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev demo</c></summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var keep = new Option<bool>("--keep") { Description = "Leave everything running; ./dev status shows it, ./dev down stops it." };
        var set = new SystemOptions();
        var command = new Command("demo", "Start everything, let a message ring one simulated phone per provider, show what each received, and stop everything. Exit code 0 only if every phone got exactly its own message.")
        {
            keep, set.Scale, set.Set,
        };
        command.SetAction((parsed, cancellation) =>
            RunAsync(set.Apply(new SystemPlan { Folder = RunFolder.Demo.Path, Durability = Durability.Throwaway }, parsed), parsed.GetValue(keep), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(SystemPlan plan, bool keep, CancellationToken cancellation)
    {
        var progress = new Progress();
        if (RunState.Load(RunFolder.Demo.StateFile) is { } before)
        {
            progress.Say("Stopping the demo that was left running ...");
            await SottoSystem.StopAsync(before, RunFolder.Demo.Path, _ => { }, cancellation);
        }

        // Keys and credentials of its own each time: the demo is to work on a machine that has none.
        foreach (var folder in (string[])[RunFolder.Demo.Keys, RunFolder.Demo.Credentials])
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }

        progress.Say("Starting broker, database and simulators ...");
        var system = await SottoSystem.StartAsync(plan, progress.Say, cancellation);
        var good = false;
        try
        {
            await using var run = new DemoRun(system, progress);
            good = await run.PlayAsync(cancellation);
        }
        finally
        {
            if (keep && !cancellation.IsCancellationRequested)
            {
                await StatusCommand.WriteAsync(system.State, Console.Out);
                progress.Say("Left running: ./dev status shows it, ./dev down stops it.");
            }
            else
            {
                await SottoSystem.StopAsync(system.State, plan.Folder, progress.Say, CancellationToken.None);
            }
        }

        return good ? 0 : 1;
    }
}
