using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Serilog;

namespace Sotto.Hosting;

/// <summary>
/// Ends this process by force when a step that must come to an end has not. A process that hangs helps nobody: whoever supervises it sees it run, and starts nothing in its place. Nothing that was
/// accepted is only in a process, so the next one takes up where this one stood. Thread-safe.
/// </summary>
internal sealed class LastResort : IDisposable
{
    /// <summary>Exit code of a process that ended itself because a step of it hung (<c>EX_SOFTWARE</c> of sysexits.h).</summary>
    public const int ExitCodeHung = 70;

    // The runtime's own way out may hang as well, and so may who reads the log.
    private static readonly TimeSpan ExitMax = TimeSpan.FromSeconds(5);

    private readonly ITimer _timer;

    /// <summary>Begins to wait.</summary>
    /// <param name="what">The step, for the log: completes the sentence "... has not ended".</param>
    /// <param name="max">How long it may take.</param>
    /// <param name="clock">Times it.</param>
    /// <param name="logger">Told before the end.</param>
    /// <param name="end">Ends the process; a test does something else.</param>
    public LastResort(string what, TimeSpan max, TimeProvider clock, Microsoft.Extensions.Logging.ILogger logger, Action? end = null) =>
        _timer = clock.CreateTimer(
            _ =>
            {
                if (end is null)
                    End(() => logger.EndedByForce(what, max));
                else
                    end();
            },
            state: null,
            max,
            Timeout.InfiniteTimeSpan);

    /// <summary>The step has ended.</summary>
    public void Dispose() => _timer.Dispose();

    private static void End(Action say)
    {
        var exit = new Thread(() =>
        {
            say();
            Log.CloseAndFlush();
            Environment.Exit(ExitCodeHung);
        })
        { IsBackground = true, Name = "last resort" };
        exit.Start();
        exit.Join(ExitMax);
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
