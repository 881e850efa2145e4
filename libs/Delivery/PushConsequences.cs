using Microsoft.Extensions.Logging;
using Sotto.Contracts;

namespace Sotto.Delivery;

/// <summary>What follows for a push from its outcome. Each consequence is complete when the broker has confirmed it. Thread-safe.</summary>
internal sealed class PushConsequences(
    DeliveryReports reports,
    Parking parking,
    DeliveryMetrics metrics,
    DeliverySettings settings,
    TimeProvider clock,
    Random random,
    ILogger logger)
{
    private static readonly RetryPace Repair = new(TimeSpan.FromMinutes(2));
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _budget = TimeSpan.FromMinutes(settings.RetryMinutesMax);
    private readonly Reminder _partOutOfReach = new(clock);
    private readonly Reminder _doubted = new(clock);

    /// <summary>The provider has it.</summary>
    public PushEnd Accept(EncryptedPush push)
    {
        metrics.Accepted(push.HeardAt == default ? TimeSpan.Zero : clock.GetUtcNow() - push.HeardAt, retried: push.Attempt > 0);
        return PushEnd.Taken;
    }

    /// <summary>It is worthless now, or will be before it could be tried again.</summary>
    public async Task<PushEnd> ExpireAsync(EncryptedPush push, CancellationToken cancellationToken)
    {
        metrics.Ended("expired");
        logger.Expired(push.PushId, push.Provider, push.ExpiresAt);
        await reports.ExpiredAsync(push, cancellationToken);
        return PushEnd.Ended;
    }

    /// <summary>An attempt failed: another one follows, unless the push expires or its time for retries ends before.</summary>
    public async Task<PushEnd> RetryAsync(
        EncryptedPush push, PushApp app, DateTimeOffset sentAt, DeliveryOutcome outcome, RetryPace pace, TimeSpan? told, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var tried = push.Tried(sentAt, outcome);
        var untilExpiry = push.ExpiresAt - now;
        var untilBudgetEnds = tried.FirstAttemptAt!.Value + _budget - now;
        // A provider that names a time beyond the budget gets one more try at that time.
        if (untilBudgetEnds > TimeSpan.Zero && told > untilBudgetEnds)
            untilBudgetEnds = ParkingLadder.RungMax;
        var wait = pace.After(push.Attempt, told, random);
        var half = wait / 2;
        var least = told > half ? told.Value : half;
        var rung = parking.Ladder.RungFor(wait, least, most: untilExpiry < untilBudgetEnds ? untilExpiry - Moment : untilBudgetEnds);
        if (rung is null)
        {
            return untilExpiry < untilBudgetEnds
                ? await ExpireAsync(push, cancellationToken)
                : await DeadLetterAsync(push, app, sentAt, outcome, cancellationToken);
        }

        metrics.Ended("parked");
        return await ParkAsync(tried, rung.Value, cancellationToken);
    }

    /// <summary>No attempt was made, or one that says nothing of this push: it waits as it is, for about as long as the pause lasts.</summary>
    public async Task<PushEnd> PostponeAsync(EncryptedPush push, TimeSpan pause, CancellationToken cancellationToken)
    {
        var rung = parking.Ladder.RungFor(pause, least: TimeSpan.Zero, most: push.ExpiresAt - clock.GetUtcNow() - Moment);
        if (rung is null)
            return await ExpireAsync(push, cancellationToken);
        metrics.Ended("postponed");
        return await ParkAsync(push, rung.Value, cancellationToken);
    }

    /// <summary>The gate of its app is closed: it waits as it is, in the app's own queue where it has one.</summary>
    public async Task<PushEnd> WaitForTurnAsync(EncryptedPush push, PushApp app, TimeSpan pause, CancellationToken cancellationToken)
    {
        if (!app.HasHoldingQueue)
            return await PostponeAsync(push, pause, cancellationToken);
        metrics.Ended("held");
        await app.HoldAsync(push, cancellationToken);
        return PushEnd.Moved;
    }

    /// <summary>The device may be gone: the same push, which says since when that is so, asks once more after a while.</summary>
    public async Task<PushEnd> AskAgainAsync(EncryptedPush push, DateTimeOffset sentAt, DeliveryOutcome outcome, TimeSpan wait, CancellationToken cancellationToken)
    {
        var rung = parking.Ladder.RungFor(wait, least: wait, most: push.ExpiresAt - clock.GetUtcNow() - Moment);
        if (rung is null)
            return await ExpireAsync(push, cancellationToken);
        metrics.TokenSuspected();
        logger.Suspected(push.PushId, push.Provider, outcome.Reason);
        return await ParkAsync(push.Tried(sentAt, outcome), rung.Value, cancellationToken);
    }

    /// <summary>It cannot be delivered until a person has mended something, while others can. It waits ever longer, and as long as it is worth anything.</summary>
    public Task<PushEnd> WaitForRepairAsync(EncryptedPush push, DateTimeOffset? triedAt, DeliveryOutcome outcome, CancellationToken cancellationToken)
    {
        if (_partOutOfReach.IsDue())
            logger.PartOutOfReach(push.Provider, outcome.Reason);
        return PostponeAsync(push.Tried(triedAt ?? clock.GetUtcNow(), outcome) with { FirstAttemptAt = push.FirstAttemptAt }, Repair.After(push.Attempt, told: null, random), cancellationToken);
    }

    /// <summary>The device is gone: its token is retired, if that is believed, and the push is a dead letter.</summary>
    public async Task<PushEnd> BuryAsync(
        EncryptedPush push, PushApp app, DeliveryOutcome.TokenDead dead, bool believed, DateTimeOffset sentAt, CancellationToken cancellationToken)
    {
        metrics.TokenDead(believed);
        if (believed)
            await reports.InvalidatedAsync(push, dead.Since ?? sentAt, dead.Reason, cancellationToken);
        else if (_doubted.IsDue())
            logger.DeadTokensDoubted(push.Provider, dead.Reason);
        return await DeadLetterAsync(push, app, sentAt, believed ? dead : new DeliveryOutcome.TokenDead($"doubted: {dead.Reason}"), cancellationToken);
    }

    /// <summary>Nobody can do more for it but a person.</summary>
    /// <param name="push">As it came.</param>
    /// <param name="app">Its app; null when that is not known.</param>
    /// <param name="triedAt">When the attempt that ended it was begun; null when none was made.</param>
    /// <param name="outcome">Why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PushEnd> DeadLetterAsync(EncryptedPush push, PushApp? app, DateTimeOffset? triedAt, DeliveryOutcome outcome, CancellationToken cancellationToken)
    {
        var tried = triedAt is { } at ? push.Tried(at, outcome) : push;
        metrics.Ended("dead-lettered");
        // That devices go is everyday; anything else wants a look.
        if (outcome is not DeliveryOutcome.TokenDead)
            logger.DeadLettered(push.PushId, push.Provider, tried.Attempt, outcome.Class, outcome.Reason);
        await reports.DeadLetteredAsync(push, tried, app?.Name, outcome, cancellationToken);
        return PushEnd.Ended;
    }

    private async Task<PushEnd> ParkAsync(EncryptedPush push, TimeSpan rung, CancellationToken cancellationToken)
    {
        logger.Parked(push.PushId, push.Provider, rung);
        await parking.ParkAsync(push, rung, cancellationToken);
        return PushEnd.Moved;
    }
}
