using MassTransit;
using Sotto.Hosting.Bus;

namespace Encryptor;

internal sealed class MessageArrivedConsumerDefinition : ConsumerDefinition<MessageArrivedConsumer>
{
    private readonly EncryptorSettings _settings;

    public MessageArrivedConsumerDefinition(EncryptorSettings settings)
    {
        _settings = settings;
        EndpointName = BusTopology.Encryptor;
        ConcurrentMessageLimit = settings.FramesAtOnce;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<MessageArrivedConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.PrefetchCount = Math.Max(_settings.FramesPrefetched, _settings.FramesAtOnce);
        endpointConfigurator.UseWorkQueue();
        endpointConfigurator.UseTransientRetry();
    }
}
