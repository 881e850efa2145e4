using DeadLetterKeeper.Storage;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace DeadLetterKeeper;

/// <summary>Keeps pushes that no sender can do more for. A frame that comes twice changes nothing.</summary>
internal sealed class PushDeadLetteredConsumer(DeadLetterStore store, PoisonPublisher poison) : IConsumer<Frame<PushDeadLettered>>
{
    public async Task Consume(ConsumeContext<Frame<PushDeadLettered>> context)
    {
        var letters = new List<PushDeadLettered>(context.Message.Items.Count);
        foreach (var letter in context.Message.Items)
        {
            if (letter is { Push.DeviceId: not null, Push.Payload: not null, Push.SealedDeviceToken: not null, Provider: not null })
                letters.Add(letter);
            else
                await poison.SetAsideAsync(context, letter, "a dead letter without its push");
        }

        await store.KeepAsync(letters, context.CancellationToken);
    }
}

/// <summary>How its queue behaves.</summary>
internal sealed class PushDeadLetteredConsumerDefinition : ConsumerDefinition<PushDeadLetteredConsumer>
{
    private const int FramesMax = 2;

    public PushDeadLetteredConsumerDefinition()
    {
        EndpointName = BusTopology.DeadLetters;
        ConcurrentMessageLimit = FramesMax;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<PushDeadLetteredConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.UseWorkQueue();
        endpointConfigurator.PrefetchCount = 4 * FramesMax;
        endpointConfigurator.UseTransientRetry();
    }
}
