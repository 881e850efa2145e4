using Sotto.Session;

namespace SubscriptionApi.Storage;

/// <summary>Removes subscriptions 14 days after their signature, at start and every 30 s (session-v2 section 4).</summary>
internal sealed class ExpirySweep(SubscriptionStore store, TimeProvider clock, ILogger<ExpirySweep> logger) : RecurringWork(Period, clock, logger)
{
    private const int BatchMax = 1_000;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _clock = clock;
    private readonly ILogger _logger = logger;

    protected override async Task DoAsync(CancellationToken cancellationToken)
    {
        var limit = _clock.GetUtcNow().ToUnixTimeSeconds() - SignatureTime.MonitorLifetimeSeconds;
        var (removed, total) = (BatchMax, 0);
        while (removed == BatchMax)
            total += removed = await store.RemoveExpiredAsync(limit, BatchMax, cancellationToken);
        if (total > 0)
            _logger.ExpiredRemoved(total);
    }
}
