using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sotto.Hosting.Settings;

namespace Sotto.Hosting.Bus;

/// <summary>Puts a service on the bus.</summary>
public static class BusSetup
{
    /// <summary>How long a service waits at start for its broker before it gives up and says so.</summary>
    public static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Registers MassTransit on RabbitMQ, a <see cref="Broker"/> beside it, and the declaration of <see cref="BusTopology"/> before the bus starts.
    /// Consumers are added by <paramref name="consumers"/> with their definitions, which name their queues.
    /// </summary>
    public static void AddBus(
        this IHostApplicationBuilder builder,
        Action<IBusRegistrationConfigurator>? consumers = null,
        Action<IBusRegistrationContext, IRabbitMqBusFactoryConfigurator>? more = null)
    {
        var address = builder.Configuration.RabbitMq();
        var name = builder.Environment.ApplicationName;
        var settings = builder.Configuration.ReadSettings<BusSettings>("Bus");
        builder.Services.AddSingleton(new Broker(address, name, settings.Topology) { FrameFormat = settings.FrameFormat });
        builder.Services.AddSingleton<PoisonPublisher>();
        builder.Services.AddHostedService<TopologyDeclaration>();
        builder.Services.AddSingleton<StatsFacts>();
        builder.Services.AddHostedService<StatsReporter>();
        builder.Services.Configure<MassTransitHostOptions>(options =>
        {
            options.WaitUntilStarted = true;
            options.StartTimeout = StartTimeout;
            options.StopTimeout = TimeSpan.FromSeconds(30);
            options.ConsumerStopTimeout = TimeSpan.FromSeconds(20);
        });
        builder.Services.AddSingleton<BusStartWatch>();
        builder.Services.AddHostedService<BusStartWatch.Before>();
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            if (CrashPoint.IsArmed)
                bus.AddReceiveObserver<AcknowledgementWatch>();
            consumers?.Invoke(bus);
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(address, host =>
                {
                    host.ConnectionName(name);
                    host.Heartbeat(Broker.Heartbeat);
                });
                rabbit.ComeBackSoon();
                rabbit.AddDeserializer(new FrameDeserializer.Factory());
                // Exchanges that senders touch are declared by BusTopology; the bus must not bind by type name.
                rabbit.DeployPublishTopology = false;
                more?.Invoke(context, rabbit);
                rabbit.ConfigureEndpoints(context);
            });
        });
        builder.Services.AddHostedService<BusStartWatch.After>();
        builder.Services.AddSingleton<PausedQueues>().AddSingleton<ConsumerWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ConsumerWatch>());
    }

    /// <summary>
    /// Makes the endpoint's queue one of <see cref="BusTopology"/>: quorum, bounded deliveries, poison instead of an error queue of its own.
    /// Call it in the consumer's definition.
    /// </summary>
    public static void UseWorkQueue(this IReceiveEndpointConfigurator endpoint)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.ConfigureReceive(pipe => pipe.UseFilter(new OversizeGuard()));
        endpoint.RethrowFaultedMessages();
        endpoint.ThrowOnSkippedMessages();
        // A fault message would carry the whole content to an exchange that nobody listens to.
        endpoint.PublishFaults = false;
        if (endpoint is IRabbitMqReceiveEndpointConfigurator queue)
        {
            foreach (var (key, value) in BusTopology.WorkQueueArguments)
                queue.SetQueueArgument(key, value);
        }
    }

    private sealed class TopologyDeclaration(Broker broker, TimeProvider clock) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) =>
            broker.DeclareAtStartAsync(channel => broker.DeclareTopologyAsync(channel, cancellationToken), clock, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
