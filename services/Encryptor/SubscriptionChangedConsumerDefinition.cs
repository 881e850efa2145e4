using MassTransit;
using Sotto.Hosting.Bus;

namespace Encryptor;

internal sealed class SubscriptionChangedConsumerDefinition : ConsumerDefinition<SubscriptionChangedConsumer>
{
    // Opening the sealed keys of a full frame takes about 3 ms; more at once would only take the processors from the messages.
    private const int FramesAtOnce = 2;
    private const int FramesPrefetched = 16;

    public SubscriptionChangedConsumerDefinition()
    {
        EndpointName = BusTopology.EncryptorSubscriptions;
        ConcurrentMessageLimit = FramesAtOnce;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<SubscriptionChangedConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.PrefetchCount = FramesPrefetched;
        endpointConfigurator.UseWorkQueue();
        endpointConfigurator.UseTransientRetry();
    }
}
