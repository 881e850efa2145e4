using System.CommandLine;

namespace Sotto.Cli.Load;

/// <summary>Shows how work goes while it goes: at a terminal one line that changes each second, else a line now and then.</summary>
internal sealed class LiveLine(ParseResult arguments, TimeProvider clock)
{
    private const int WidthMax = 160;
    private const int WidthWhereUnknown = 80;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<Func<string>> _lines = [];
    private readonly Progress _progress = new(arguments, clock);
    private readonly TextWriter _error = arguments.InvocationConfiguration.Error;

    /// <summary>Shows <paramref name="line"/> until <paramref name="work"/> is done, beside those of other work that is watched at the same time.</summary>
    public async Task WatchAsync(Task work, Func<string> line)
    {
        lock (_gate)
            _lines.Add(line);
        while (await Task.WhenAny(work, Task.Delay(Every, clock, CancellationToken.None)) != work)
        {
            if (IsFirst(line))
                await ShowAsync();
        }

        lock (_gate)
            _lines.Remove(line);
        if (IsTerminal)
            await _error.WriteAsync($"\r{"".PadRight(Width)}\r");
        await work;
    }

    private bool IsTerminal => ReferenceEquals(_error, Console.Error) && !Console.IsErrorRedirected;

    // One column less than there are: what fills the last one goes on in the next line, and then nothing returns to the first.
    private static int Width => Math.Min(WidthMax, Console.WindowWidth is > 1 and var columns ? columns - 1 : WidthWhereUnknown);

    private bool IsFirst(Func<string> line)
    {
        lock (_gate)
            return _lines[0] == line;
    }

    private async Task ShowAsync()
    {
        // Whoever widens the window meanwhile changes the width.
        var width = Width;
        if (IsTerminal)
            await _error.WriteAsync($"\r{All().PadRight(width)[..width]}");
        else
            _progress.Tell(All);
    }

    private string All()
    {
        lock (_gate)
            return string.Join(" | ", _lines.Select(line => line()));
    }
}
