namespace SubscriptionApi.Storage;

/// <summary>Work that is done at start and then once in each period. What fails is tried again the next time.</summary>
internal abstract class RecurringWork(TimeSpan period, TimeProvider clock, ILogger logger) : BackgroundService
{
    protected abstract Task DoAsync(CancellationToken cancellationToken);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await DoAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.RecurringWorkFailed(GetType().Name, e.GetType().Name, period);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(period, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
