using System.CommandLine;
using System.Globalization;
using DeadLetterKeeper.Storage;
using Npgsql;

namespace Sotto.Cli.DeadLetters;

/// <summary>What the commands on dead letters share: batches, their pace, and who is said to have done it.</summary>
internal static class Letters
{
    /// <summary>Schema of the DeadLetterKeeper's tables.</summary>
    public const string Schema = "dead_letters";

    /// <summary>Pushes a second, when nothing is said: a backlog of an hour must not fall on a provider in a moment.</summary>
    public const int RateDefault = 100;

    /// <summary>As fast as the database goes.</summary>
    public const int RateMax = 100_000;

    // As many as go into one frame.
    private const int BatchMax = 64;

    public static DeadLetterDesk Desk(NpgsqlDataSource database) => new(database, Environment.UserName);

    public static PoisonDesk PoisonDesk(NpgsqlDataSource database) => new(database, Environment.UserName);

    /// <summary>Puts letters back into their queues; those that have expired by now are discarded.</summary>
    public static Task<Settled> ReplayAsync(
        ParseResult arguments, DeadLetterDesk desk, PushLine pushes, LetterFilter filter, string action, int rate, CancellationToken cancellationToken) =>
        SettleAllAsync(arguments, desk, filter, action, "replayed", pushes.SendAsync, Math.Clamp(rate, 1, RateMax), cancellationToken);

    /// <summary>Settles batch after batch until none waits.</summary>
    public static async Task<Settled> SettleAllAsync(
        ParseResult arguments,
        DeadLetterDesk desk,
        LetterFilter filter,
        string action,
        string state,
        Func<IReadOnlyList<Letter>, CancellationToken, Task<IReadOnlyCollection<Letter>>> work,
        int rate,
        CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var progress = new Progress(arguments, clock);
        // A replayed push that dies again while this runs is another letter, for another day.
        filter = filter with { Before = filter.Before ?? clock.GetUtcNow() };
        var total = default(Settled);
        var begun = clock.GetTimestamp();
        while (await desk.SettleAsync(filter, action, state, Math.Min(BatchMax, rate), work, cancellationToken) is { All: > 0 } settled)
        {
            total += settled;
            progress.Tell(() => string.Create(CultureInfo.InvariantCulture, $"{total.All:N0} settled"));
            var due = TimeSpan.FromSeconds((double)total.Done / rate) - clock.GetElapsedTime(begun);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, clock, cancellationToken);
        }

        return total;
    }
}
