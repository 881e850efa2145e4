using System.Diagnostics;
using System.Globalization;

namespace Sotto.Dev;

/// <summary>Lines of progress, each with the seconds since the start.</summary>
internal sealed class Progress
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Writes a line.</summary>
    public void Say(string line) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_clock.Elapsed.TotalSeconds,5:0.0} s] {line}"));
}
