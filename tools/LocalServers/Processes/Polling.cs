using System.Diagnostics;

namespace Sotto.LocalServers.Processes;

/// <summary>Looking again and again, for a bounded time.</summary>
public static class Polling
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    /// <summary>True as soon as the condition holds, false when it never did in time. It is looked at least once.</summary>
    public static Task<bool> UntilAsync(Func<bool> condition, TimeSpan within, CancellationToken cancellation = default) =>
        UntilAsync(() => Task.FromResult(condition()), within, cancellation);

    /// <inheritdoc cref="UntilAsync(Func{bool}, TimeSpan, CancellationToken)"/>
    public static async Task<bool> UntilAsync(Func<Task<bool>> condition, TimeSpan within, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > within)
                return false;

            await Task.Delay(Pause, TimeProvider.System, cancellation);
        }

        return true;
    }
}
