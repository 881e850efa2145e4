using Sotto.Hosting.Telemetry;

namespace SubscriptionApi.Storage;

/// <summary>Keeps the gauge of what waits in the outbox up to date, also while the publisher is held up.</summary>
internal sealed class OutboxBacklog : RecurringWork
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly Outbox _outbox;
    private long _count;

    public OutboxBacklog(Outbox outbox, TimeProvider clock, ILogger<OutboxBacklog> logger)
        : base(Period, clock, logger)
    {
        _outbox = outbox;
        Metrics.Meter.CreateObservableGauge("sotto_outbox_backlog", () => Volatile.Read(ref _count), description: "Changes of subscriptions that wait to be published");
    }

    protected override async Task DoAsync(CancellationToken cancellationToken) =>
        Volatile.Write(ref _count, await _outbox.CountAsync(cancellationToken));
}
