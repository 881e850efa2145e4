using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SwarmListener.Storage;

namespace SwarmListener;

/// <summary>
/// A device's wish has changed: stores it, whichever instance will act on it; the database tells the one that holds the account's bucket.
/// </summary>
internal sealed class SubscriptionChangedConsumer(SubscriptionStore store, PoisonPublisher poison, ILogger<SubscriptionChangedConsumer> logger)
    : IConsumer<Frame<SubscriptionChanged>>
{
    public async Task Consume(ConsumeContext<Frame<SubscriptionChanged>> context)
    {
        var rows = new List<SubscriptionRow>(context.Message.Items.Count);
        foreach (var change in context.Message.Items)
        {
            if (SubscriptionRow.From(change, out var reason) is { } row)
            {
                rows.Add(row);
                continue;
            }

            logger.SubscriptionRefused(change.SubscriptionId, reason);
            await poison.SetAsideAsync(context, change, reason);
        }

        await store.ApplyAsync(rows, context.CancellationToken);
    }
}

/// <summary>How its queue behaves.</summary>
internal sealed class SubscriptionChangedConsumerDefinition : ConsumerDefinition<SubscriptionChangedConsumer>
{
    // One statement for each frame; more at once than this only wait for each other in the database.
    private const int FramesMax = 8;

    public SubscriptionChangedConsumerDefinition()
    {
        EndpointName = BusTopology.ListenerSubscriptions;
        ConcurrentMessageLimit = FramesMax;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<SubscriptionChangedConsumer> consumerConfigurator,
        IRegistrationContext context)
    {
        endpointConfigurator.UseWorkQueue();
        endpointConfigurator.PrefetchCount = 4 * FramesMax;
        endpointConfigurator.UseTransientRetry();
    }
}
