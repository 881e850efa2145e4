using DeadLetterKeeper.Storage;
using Npgsql;

namespace DeadLetterKeeper;

/// <summary>Deletes letters that are too old to be of use to anyone.</summary>
internal sealed class Housekeeping(DeadLetterStore store, KeeperSettings settings, TimeProvider clock, ILogger<Housekeeping> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await store.ForgetAsync(clock.GetUtcNow().AddDays(-settings.DaysMax), stoppingToken);
            }
            catch (NpgsqlException e)
            {
                logger.NotSwept(e.GetType().Name, Period);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Period, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
