using Sotto.Session;

namespace SubscriptionApi.Storage;

/// <summary>
/// Removes subscriptions 14 days after their signature, at start and every 30 s (session-v2 section 4). What ended before that is remembered for as long: then nothing is
/// valid any more that was signed before it ended.
/// </summary>
internal sealed class ExpirySweep(SubscriptionStore store, TimeProvider clock, ILogger<ExpirySweep> logger) : RecurringWork(Period, clock, logger)
{
    private const int BatchMax = 1_000;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _clock = clock;
    private readonly ILogger _logger = logger;

    protected override async Task DoAsync(CancellationToken cancellationToken)
    {
        var limit = _clock.GetUtcNow().ToUnixTimeSeconds() - SignatureTime.MonitorLifetimeSeconds;
        var expired = await RemoveAllAsync(store.RemoveExpiredAsync, limit, cancellationToken);
        if (expired > 0)
            _logger.ExpiredRemoved(expired);
        await RemoveAllAsync(store.ForgetEndedAsync, limit, cancellationToken);
    }

    private static async Task<int> RemoveAllAsync(Func<long, int, CancellationToken, Task<int>> remove, long limit, CancellationToken cancellationToken)
    {
        var (removed, total) = (BatchMax, 0);
        while (removed == BatchMax)
            total += removed = await remove(limit, BatchMax, cancellationToken);
        return total;
    }
}
