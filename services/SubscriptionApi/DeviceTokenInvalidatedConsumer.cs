using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SubscriptionApi.Providers;
using SubscriptionApi.Storage;

namespace SubscriptionApi;

/// <summary>Withdraws the subscriptions of device tokens that died, unless they were renewed since.</summary>
internal sealed class DeviceTokenInvalidatedConsumer(SubscriptionStore store, ILogger<DeviceTokenInvalidatedConsumer> logger) : IConsumer<Frame<DeviceTokenInvalidated>>
{
    public async Task Consume(ConsumeContext<Frame<DeviceTokenInvalidated>> context)
    {
        var items = context.Message.Items;
        var dead = items.Where(item => item is { DeviceId.Length: ValidationClient.DeviceIdSize, Provider: not null }).ToList();
        if (dead.Count < items.Count)
            logger.InvalidatedMalformed(items.Count - dead.Count);

        var withdrawn = dead.Count == 0 ? 0 : await store.WithdrawInvalidatedAsync(dead, context.CancellationToken);
        if (withdrawn > 0)
            logger.InvalidatedWithdrawn(withdrawn);
    }
}

/// <summary>Few frames at a time: tokens die slowly, and clients who subscribe need the database more.</summary>
internal sealed class DeviceTokenInvalidatedConsumerDefinition : ConsumerDefinition<DeviceTokenInvalidatedConsumer>
{
    private const int InFlightMax = 2;

    public DeviceTokenInvalidatedConsumerDefinition()
    {
        EndpointName = BusTopology.ApiInvalidatedTokens;
        ConcurrentMessageLimit = InFlightMax;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<DeviceTokenInvalidatedConsumer> consumerConfigurator,
        IRegistrationContext context)
    {
        endpointConfigurator.PrefetchCount = 4 * InFlightMax;
        endpointConfigurator.UseWorkQueue();
        endpointConfigurator.UseTransientRetry();
    }
}
