using System.CommandLine;
using Sotto.Dev.Running;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev down</c></summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var command = new Command("down", "Stop what ./dev up or ./dev demo --keep started, and nothing else. Data and keys of ./dev up stay.");
        command.SetAction((_, cancellation) => RunAsync(cancellation));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellation)
    {
        var progress = new Progress();
        var found = false;
        foreach (var folder in (RunFolder[])[RunFolder.Up, RunFolder.Demo])
        {
            if (RunState.Load(folder.StateFile) is not { } state)
                continue;

            found = true;
            progress.Say($"Stopping what runs in {Path.GetRelativePath(Workspace.Root, folder.Path)} ...");
            await SottoSystem.StopAsync(state, folder.Path, progress.Say, cancellation);
        }

        if (!found)
            Console.WriteLine("Nothing is running.");

        return 0;
    }
}
