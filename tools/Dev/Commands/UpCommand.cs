using System.CommandLine;
using Sotto.Dev.Running;
using Sotto.LocalServers;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev up</c></summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var options = new SystemOptions();
        var command = new Command("up", "Start the whole system and leave it running.");
        options.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(options.Apply(new SystemPlan { Folder = RunFolder.Up.Path }, parsed), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(SystemPlan plan, CancellationToken cancellation)
    {
        if (RunState.Load(RunFolder.Up.StateFile) is { } before)
        {
            if (before.Services.Any(service => service.Process.IsAlive))
                throw new DevException("The system is running already: ./dev status shows it, ./dev down stops it.");

            // A crash of the machine or of this tool left some of it behind.
            await SottoSystem.StopAsync(before, RunFolder.Up.Path, _ => { }, cancellation);
        }

        var progress = new Progress();
        progress.Say("Starting broker, database" + (plan.Simulators ? " and simulators ..." : " ..."));
        var system = await SottoSystem.StartAsync(plan with { Durability = Durability.Durable }, progress.Say, cancellation);
        await StatusCommand.WriteAsync(system.State, Console.Out);
        return 0;
    }
}
