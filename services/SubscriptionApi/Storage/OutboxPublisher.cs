using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace SubscriptionApi.Storage;

/// <summary>Publishes what the outbox holds, in the order of writing as far as one instance is concerned; consumers go by revisions and need no order.</summary>
internal sealed class OutboxPublisher(
    Outbox outbox, OutboxSignal signal, FramePublisher<SubscriptionChanged> publisher, TimeProvider clock, ILogger<OutboxPublisher> logger)
    : BackgroundService
{
    /// <summary>Most changes in one transaction: as many as the frame publisher has in flight.</summary>
    public const int BatchMax = FrameLimits.ItemsMax * FramePublisher<SubscriptionChanged>.FramesInFlightMax;

    /// <summary>How often the outbox is looked at when nothing was committed here: another instance may have died with rows left.</summary>
    public static readonly TimeSpan PollPause = TimeSpan.FromSeconds(1);

    // Less than the database lets a transaction idle (two minutes); the rows are then locked again, by whichever instance comes first.
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    // About what a change takes without its namespaces and boxes.
    private const int FixedBytes = 400;

    public static int Weigh(SubscriptionChanged change) =>
        FixedBytes + sizeof(short) * change.Namespaces.Length + change.SealedDeviceToken.Length + change.SealedEnvelopeKey.Length;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // A full batch means that more is waiting.
                if (await outbox.PublishBatchAsync(BatchMax, PublishAsync, stoppingToken) < BatchMax)
                    await signal.WaitAsync(PollPause, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            // Whatever went wrong, the rows are still there.
            catch (Exception e)
            {
                logger.OutboxNotPublished(e.GetType().Name, RetryPause);
                await Task.Delay(RetryPause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task PublishAsync(IReadOnlyList<SubscriptionChanged> changes, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PublishTimeout);
        await publisher.PublishAsync(changes, patience.Token);
    }
}
