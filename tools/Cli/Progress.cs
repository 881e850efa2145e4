using System.CommandLine;

namespace Sotto.Cli;

/// <summary>Tells on standard error how far long work has come, at most once in a while.</summary>
internal sealed class Progress(ParseResult arguments, TimeProvider clock)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private long _toldAt = clock.GetTimestamp();

    public void Tell(Func<string> line)
    {
        if (clock.GetElapsedTime(_toldAt) < Every)
            return;
        _toldAt = clock.GetTimestamp();
        Output.Remark(arguments, line());
    }
}
