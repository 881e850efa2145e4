using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SubscriptionApi.Storage;

namespace SubscriptionApi.Stats;

/// <summary>Keeps what every instance says of itself. What cannot be kept is let go: the instance's next report says it all again.</summary>
internal sealed class ServiceStatsConsumer(InstanceStore store, TimeProvider clock, ILogger<ServiceStatsConsumer> logger) : IConsumer<ServiceStats>
{
    public async Task Consume(ConsumeContext<ServiceStats> context)
    {
        try
        {
            await store.TakeAsync(context.Message, clock.GetUtcNow(), context.CancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            logger.StatsNotKept(e.GetType().Name);
        }
    }
}

/// <summary>One at a time: reports are small and rare, and clients need the database more.</summary>
internal sealed class ServiceStatsConsumerDefinition : ConsumerDefinition<ServiceStatsConsumer>
{
    public ServiceStatsConsumerDefinition()
    {
        EndpointName = BusTopology.ApiStats;
        ConcurrentMessageLimit = 1;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<ServiceStatsConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        endpointConfigurator.PrefetchCount = 16;
        endpointConfigurator.PublishFaults = false;
        endpointConfigurator.DiscardFaultedMessages();
        endpointConfigurator.DiscardSkippedMessages();
        if (endpointConfigurator is IRabbitMqReceiveEndpointConfigurator queue)
        {
            foreach (var (key, value) in BusTopology.StatsQueueArguments)
                queue.SetQueueArgument(key, value);
        }
    }
}

/// <summary>Forgets instances that are long gone.</summary>
internal sealed class StatsSweep(InstanceStore store, TimeProvider clock, ILogger<StatsSweep> logger) : RecurringWork(TimeSpan.FromMinutes(5), clock, logger)
{
    private readonly TimeProvider _clock = clock;

    protected override Task DoAsync(CancellationToken cancellationToken) => store.ForgetAsync(_clock.GetUtcNow(), cancellationToken);
}
