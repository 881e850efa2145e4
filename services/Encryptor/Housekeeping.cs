using Encryptor.Storage;

namespace Encryptor;

/// <summary>Begins a new duplicate window when the present one is old enough, and deletes what has expired. Every instance does it; it is done once.</summary>
internal sealed class Housekeeping(
    DuplicateWindow duplicates, SubscriptionStore subscriptions, EncryptorSettings settings, TimeProvider clock, ILogger<Housekeeping> logger) : BackgroundService
{
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = settings.DuplicateWindow / 10 < PauseMax ? settings.DuplicateWindow / 10 : PauseMax;
        using var timer = new PeriodicTimer(pause, clock);
        var sweepAt = clock.GetUtcNow();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var now = clock.GetUtcNow();
                if (await duplicates.RotateAsync(now, settings.DuplicateWindow, stoppingToken))
                    logger.WindowRotated();
                if (now < sweepAt)
                    continue;
                sweepAt = now + SweepEvery;
                if (await subscriptions.SweepAsync(now, stoppingToken) is > 0 and var swept)
                    logger.Swept(swept);
            }
            // Old rows take room and do no harm; the next round may be luckier.
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.HousekeepingFailed(e.GetType().Name, pause);
            }
        }
    }
}
