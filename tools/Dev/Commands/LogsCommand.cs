using System.CommandLine;
using Sotto.Dev.Running;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev logs</c></summary>
internal static class LogsCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        var service = new Argument<string>("service") { Description = "A service or simulator (all its instances, or one as NAME-2), rabbitmq, or postgres." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until interrupted." };
        var lines = new Option<int>("--lines", "-n") { Description = "How many of the last lines to begin with.", DefaultValueFactory = _ => 200 };
        var command = new Command("logs", "Show what a service writes.") { service, follow, lines };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(service)!, parsed.GetValue(follow), parsed.GetValue(lines), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string name, bool follow, int lines, CancellationToken cancellation)
    {
        var state = RunState.Load(RunFolder.Up.StateFile) ?? RunState.Load(RunFolder.Demo.StateFile) ?? throw new DevException("Nothing is running; ./dev up starts the system.");
        var all = Logs(state).ToList();
        var chosen = all.FindAll(log => Matches(name, log.Label));
        if (chosen.Count == 0)
            throw new DevException($"There is no log of '{name}'; there are {string.Join(", ", all.Select(log => log.Label))}.");

        var positions = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (label, file) in chosen)
        {
            var text = await ReadFromAsync(file, 0, positions, cancellation);
            Print(label, text.Split('\n').SkipLast(1).TakeLast(lines), chosen.Count > 1);
        }

        try
        {
            while (follow)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellation);
                foreach (var (label, file) in chosen)
                    Print(label, (await ReadFromAsync(file, positions[file], positions, cancellation)).Split('\n').SkipLast(1), chosen.Count > 1);
            }
        }
        catch (OperationCanceledException)
        {
            // That is how following ends.
        }

        return 0;
    }

    private static IEnumerable<(string Label, string File)> Logs(RunState state)
    {
        foreach (var program in state.Services.Concat(state.Simulators))
            yield return (program.Label, program.LogFile);

        if (state.Broker?.Handle.LogFile is { } broker)
            yield return ("rabbitmq", Path.Combine(Path.GetDirectoryName(broker)!, "rabbitmq.log"));

        if (state.Database?.Handle.LogFile is { } database)
            yield return ("postgres", database);
    }

    private static bool Matches(string name, string label) =>
        label.Equals(name, StringComparison.OrdinalIgnoreCase) || (label.StartsWith(name + "-", StringComparison.OrdinalIgnoreCase) && char.IsAsciiDigit(label[^1]));

    private static void Print(string label, IEnumerable<string> lines, bool several)
    {
        foreach (var line in lines)
            Console.WriteLine(several ? $"{label,-16} | {line}" : line);
    }

    // Whole lines only; the rest of a line that is being written comes next time.
    private static async Task<string> ReadFromAsync(string file, long position, Dictionary<string, long> positions, CancellationToken cancellation)
    {
        positions[file] = position;
        if (!File.Exists(file))
            return "";

        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length <= position)
            return "";

        stream.Seek(position, SeekOrigin.Begin);
        var bytes = new byte[stream.Length - position];
        await stream.ReadExactlyAsync(bytes, cancellation);
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        positions[file] = position + whole;
        return System.Text.Encoding.UTF8.GetString(bytes.AsSpan(0, whole));
    }
}
