using Microsoft.Extensions.Logging;
using Sotto.Contracts;
using Sotto.Hosting;

namespace Sotto.Delivery;

/// <summary>
/// Sees one push of one provider through: makes an attempt when that makes sense, and follows its outcome until the push is somebody else's: the provider's, the
/// broker's, or nobody's because it has expired. Thread-safe.
/// </summary>
internal sealed class PushSender(
    PushApps apps,
    DeviceTokens tokens,
    RecentPushes recent,
    PushConsequences consequences,
    ThrottledDevices throttled,
    SuspectDevices suspects,
    DeliveryMetrics metrics,
    TimeProvider clock,
    Random random,
    ILogger logger)
{
    // A fault of our own is tried again, so that a bug does not lose pushes; the budget ends it.
    private static readonly RetryPace FaultPace = new(TimeSpan.FromSeconds(15));

    private static readonly DeliveryOutcome NotSealedToUs = new DeliveryOutcome.PayloadBad("device token not sealed to this sender");
    private static readonly DeliveryOutcome AppNotServed = new DeliveryOutcome.CredentialBad("app not served", CredentialScope.Part);

    public string ProviderName => apps.ProviderName;

    /// <summary>Completes when the push is settled. It is not when this throws.</summary>
    /// <param name="push">The push.</param>
    /// <param name="frame">The frame that it came in; empty when that is not known.</param>
    /// <param name="isOwnQueue">Whether it came from its app's own queue.</param>
    /// <param name="cancellationToken">Ends the work at once.</param>
    /// <returns>What became of it here: <see cref="PushEnd.Taken"/> once for each push that the provider took.</returns>
    /// <exception cref="OperationCanceledException">The sender was told to stop at once.</exception>
    public async Task<PushEnd> SettleAsync(EncryptedPush push, Guid frame, bool isOwnQueue, CancellationToken cancellationToken)
    {
        if (!await recent.BeginAsync(push.PushId, frame, cancellationToken))
        {
            metrics.Ended("duplicate");
            return PushEnd.Ended;
        }

        var end = PushEnd.Unsettled;
        try
        {
            return end = await SettleInHandAsync(push, isOwnQueue, cancellationToken);
        }
        finally
        {
            recent.End(push.PushId, end);
        }
    }

    private async Task<PushEnd> SettleInHandAsync(EncryptedPush push, bool isOwnQueue, CancellationToken cancellationToken)
    {
        if (push.ExpiresAt <= clock.GetUtcNow())
            return await consequences.ExpireAsync(push, cancellationToken);
        if (throttled.PauseOf(push.DeviceId) is var pause && pause > TimeSpan.Zero)
            return await consequences.PostponeAsync(push, pause, cancellationToken);
        if (!tokens.TryOpen(push.SealedDeviceToken, out var device))
            return await consequences.DeadLetterAsync(push, app: null, triedAt: null, NotSealedToUs, cancellationToken);
        if (apps.Find(device.App) is not { } app)
            return await consequences.WaitForRepairAsync(push, triedAt: null, AppNotServed, cancellationToken);
        if (await app.EnterAsync(isOwnQueue, cancellationToken) is not { } pass)
            return await SentAwayAsync(push, app, isOwnQueue, cancellationToken);

        DeliveryOutcome? outcome = null;
        var sentAt = clock.GetUtcNow();
        try
        {
            // It may have expired while it waited to be let through.
            if (push.ExpiresAt > sentAt)
                outcome = await AttemptAsync(push, app, device.Token, cancellationToken);
        }
        finally
        {
            app.Gate.Leave(pass, outcome);
        }

        return outcome is null
            ? await consequences.ExpireAsync(push, cancellationToken)
            : await FollowAsync(push, app, outcome, sentAt, cancellationToken);
    }

    // Who is sent away from an open gate comes when the service stops: from the app's own queue it would only come back to us.
    private Task<PushEnd> SentAwayAsync(EncryptedPush push, PushApp app, bool isOwnQueue, CancellationToken cancellationToken)
    {
        var pause = app.Gate.PausedFor;
        return isOwnQueue && pause <= TimeSpan.Zero
            ? consequences.PostponeAsync(push, pause, cancellationToken)
            : consequences.WaitForTurnAsync(push, app, pause, cancellationToken);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private async Task<DeliveryOutcome> AttemptAsync(EncryptedPush push, PushApp app, string token, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        DeliveryOutcome outcome;
        try
        {
            CrashPoint.Pass("sender.before-write");
            var answer = app.Provider.SendAsync(push, token, cancellationToken);
            // The request is on its way.
            CrashPoint.Pass("sender.before-answer");
            outcome = await answer;
            CrashPoint.Pass("sender.after-answer");
        }
        // What a provider does is an outcome; this is a bug of ours, and no reason to lose a push.
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.AttemptFaulted(ProviderName, e.GetType().Name);
            outcome = new DeliveryOutcome.RetryLater($"fault {e.GetType().Name}", FaultPace);
        }

        metrics.Attempted(outcome, clock.GetElapsedTime(start));
        logger.Attempted(push.PushId, ProviderName, push.Attempt + 1, outcome.Class, outcome.Reason);
        return outcome;
    }

    private async Task<PushEnd> FollowAsync(EncryptedPush push, PushApp app, DeliveryOutcome outcome, DateTimeOffset sentAt, CancellationToken cancellationToken)
    {
        var believed = app.Guard.Allows(outcome);
        switch (outcome)
        {
            case DeliveryOutcome.Delivered or DeliveryOutcome.Dropped:
                suspects.Clear(push.DeviceId);
                return consequences.Accept(push);
            case DeliveryOutcome.RetryLater later:
                return await consequences.RetryAsync(push, app, sentAt, outcome, later.Pace, later.Told, cancellationToken);
            case DeliveryOutcome.Throttled { Scope: ThrottleScope.Token } device:
                throttled.Throttle(push.DeviceId, device.Pace.After(push.Attempt, device.Told, random));
                return await consequences.RetryAsync(push, app, sentAt, outcome, device.Pace, device.Told, cancellationToken);
            case DeliveryOutcome.TokenDead { LooksLikeOurs: true } doubtful when suspects.Suspect(push, sentAt) is { } suspicion:
                throttled.Throttle(push.DeviceId, suspicion.Wait);
                return await consequences.AskAgainAsync(push with { SuspectedAt = suspicion.Since }, sentAt, doubtful, suspicion.Wait, cancellationToken);
            case DeliveryOutcome.TokenDead dead:
                tokens.Forget(push.SealedDeviceToken);
                return await consequences.BuryAsync(push, app, dead, believed, sentAt, cancellationToken);
            case DeliveryOutcome.PayloadBad:
                return await consequences.DeadLetterAsync(push, app, sentAt, outcome, cancellationToken);
            case DeliveryOutcome.Postponed postponed:
                return await consequences.PostponeAsync(push, postponed.Pause, cancellationToken);
            case DeliveryOutcome.Throttled { Scope: ThrottleScope.Part } part:
                return await consequences.PostponeAsync(push, part.Pace.After(push.Attempt, part.Told, random), cancellationToken);
            // The gate has closed; the push is no worse than those that wait in the queue.
            case DeliveryOutcome.Throttled wide:
                return await consequences.WaitForTurnAsync(push, app, Longer(app.Gate.PausedFor, wide.Told ?? TimeSpan.Zero), cancellationToken);
            case DeliveryOutcome.CredentialBad { Scope: CredentialScope.App }:
                return await consequences.WaitForTurnAsync(push, app, app.Gate.PausedFor, cancellationToken);
            // It may be this device's own fault. It is not to be the probe that keeps the others waiting.
            case DeliveryOutcome.CredentialBad { Scope: CredentialScope.AppOrDevice }:
                return await consequences.WaitForRepairAsync(push, sentAt, outcome, cancellationToken);
            default:
                return app.Gate.PausedFor is var closedFor && closedFor > TimeSpan.Zero
                    ? await consequences.WaitForTurnAsync(push, app, closedFor, cancellationToken)
                    : await consequences.WaitForRepairAsync(push, sentAt, outcome, cancellationToken);
        }
    }
}
