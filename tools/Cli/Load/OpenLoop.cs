namespace Sotto.Cli.Load;

/// <summary>
/// Begins work at a steady rate whether or not what was begun before is done, as many phones would. Each piece is told when it was due, and is to be timed from then: a
/// server that stalls is then charged for everyone who would have come meanwhile.
/// </summary>
internal sealed class OpenLoop(double perSecond, TimeProvider clock)
{
    /// <summary>Most pieces under way at one time, and so connections; what is due beyond that waits, and its time runs.</summary>
    public const int InFlightMax = 1_000;

    // Timers are no finer than this; what is due sooner is begun at once.
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(1);

    /// <summary>How much of the work is done, how much is begun.</summary>
    public (long Begun, long Done) State => (Volatile.Read(ref _begun), Volatile.Read(ref _done));

    private long _begun;
    private long _done;

    /// <summary>Does pieces 0 to <paramref name="count"/> - 1, or until <paramref name="stop"/>, and completes when all that were begun are done.</summary>
    /// <param name="count">How many.</param>
    /// <param name="work">Does one piece; told its number and the timestamp at which it was due. It does not throw.</param>
    /// <param name="stop">No more are begun.</param>
    public async Task RunAsync(long count, Func<long, long, Task> work, CancellationToken stop)
    {
        using var places = new SemaphoreSlim(InFlightMax);
        var started = clock.GetTimestamp();
        for (var number = 0L; number < count && !stop.IsCancellationRequested; number++)
        {
            var due = started + (long)(number / perSecond * clock.TimestampFrequency);
            if (clock.GetElapsedTime(clock.GetTimestamp(), due) is var early && early >= Grain)
                await Task.Delay(early, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await places.WaitAsync(CancellationToken.None);
            Interlocked.Increment(ref _begun);
            var piece = number;
            _ = Task.Run(
                async () =>
                {
                    await work(piece, due);
                    Interlocked.Increment(ref _done);
                    places.Release();
                },
                CancellationToken.None);
        }

        for (var place = 0; place < InFlightMax; place++)
            await places.WaitAsync(CancellationToken.None);
    }
}
