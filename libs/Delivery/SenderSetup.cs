using System.Security.Cryptography;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;
using Sotto.Sodium;

namespace Sotto.Delivery;

/// <summary>Makes a service a sender.</summary>
public static class SenderSetup
{
    /// <summary>Puts the service on the bus with two queues for each provider: its pushes, and questions about its device tokens.</summary>
    /// <exception cref="SettingsException">There is no provider to serve, or a sealing key cannot be read.</exception>
    public static void AddPushSender(this IHostApplicationBuilder builder, params IReadOnlyList<PushProviderRegistration> providers)
    {
        var settings = builder.AddSettings<DeliverySettings>("Delivery");
        builder.Services.AddSingleton<DeliveryReports>();
        builder.Services.AddSingleton<RecentPushes>();
        foreach (var provider in providers)
            builder.Services.AddProvider(provider, settings);
        builder.AddBus(more: (context, rabbit) =>
        {
            // The bus's own context knows nothing of keys.
            var services = context.GetRequiredService<IServiceProvider>();
            foreach (var provider in providers)
            {
                rabbit.ReceivePushes(services, provider.Name, settings);
                rabbit.ReceiveQuestions(services, provider.Name);
            }
        });
        builder.Services.AddHostedService(services => new ParkingDeclaration(services.GetRequiredService<Broker>(), [.. providers.Select(provider => provider.Name)], settings.Ladder));
        foreach (var provider in providers)
            builder.Services.AddSingleton<IHostedService>(services => services.GetRequiredKeyedService<EndpointSwitch>(provider.Name));
    }

    private static void AddProvider(this IServiceCollection services, PushProviderRegistration registration, DeliverySettings settings)
    {
        var name = registration.Name;
        var tokens = new DeviceTokens(ReadSealingKey(registration), settings.TokenCacheMax);
        services.AddKeyedSingleton(name, (_, _) => tokens);
        services.AddKeyedSingleton(name, (provider, _) => registration.Create(provider));
        services.AddKeyedSingleton(name, (provider, _) => CreateGate(provider, name, settings));
        services.AddKeyedSingleton(name, (provider, _) => new EndpointSwitch(
            provider.GetRequiredKeyedService<ProviderGate>(name), name, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<EndpointSwitch>>()));
        services.AddKeyedSingleton(name, (provider, _) => new Parking(
            provider.GetRequiredService<Broker>(), name, settings.Ladder, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Parking>>()));
        services.AddKeyedSingleton(name, (provider, _) => CreateSender(provider, name, settings));
    }

    private static SealingKeyPair ReadSealingKey(PushProviderRegistration registration)
    {
        try
        {
            var key = KeyFile.ReadKey(registration.SealingKeyFile);
            try
            {
                return SealingKeyPair.FromPrivateKey(key);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(key);
            }
        }
        catch (KeyFileException e)
        {
            throw new SettingsException($"Setting {registration.Section}:SealingKeyFile: {e.Message}");
        }
    }

    private static ProviderGate CreateGate(IServiceProvider services, string name, DeliverySettings settings)
    {
        var options = new GateOptions
        {
            InFlightMax = services.GetRequiredKeyedService<IPushProvider>(name).InFlightMax,
            OutageAttempts = settings.OutageAttempts,
            HoldMax = TimeSpan.FromSeconds(settings.HoldSeconds),
            RampUp = TimeSpan.FromSeconds(settings.RampUpSeconds),
            CredentialPace = new(TimeSpan.FromSeconds(settings.CredentialPauseSeconds), TimeSpan.FromSeconds(10 * settings.CredentialPauseSeconds)),
        };
        return new ProviderGate(name, options, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<ProviderGate>>());
    }

    private static PushSender CreateSender(IServiceProvider services, string name, DeliverySettings settings)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        var logger = services.GetRequiredService<ILogger<PushSender>>();
        var gate = services.GetRequiredKeyedService<ProviderGate>(name);
        var guard = new MassFailureGuard(clock);
        var metrics = new DeliveryMetrics(name, gate, guard);
        var consequences = new PushConsequences(
            services.GetRequiredService<DeliveryReports>(), services.GetRequiredKeyedService<Parking>(name), metrics, settings, clock, logger);
        return new PushSender(
            services.GetRequiredKeyedService<IPushProvider>(name),
            services.GetRequiredKeyedService<DeviceTokens>(name),
            gate,
            guard,
            services.GetRequiredService<RecentPushes>(),
            consequences,
            new ThrottledDevices(clock),
            metrics,
            clock,
            logger);
    }

    private static void ReceivePushes(this IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services, string provider, DeliverySettings settings) =>
        rabbit.ReceiveEndpoint(Provider.PushQueue(provider), endpoint =>
        {
            endpoint.UseWorkQueue();
            endpoint.PrefetchCount = (ushort)settings.PrefetchFrames;
            // All that has been fetched is in hand: what merely waited here would be given back at a pause, and counted.
            endpoint.ConcurrentMessageLimit = settings.PrefetchFrames;
            endpoint.ConnectReceiveEndpointObserver(services.GetRequiredKeyedService<EndpointSwitch>(provider));
            endpoint.Consumer(() => new PushFrameConsumer(
                services.GetRequiredKeyedService<PushSender>(provider), services.GetRequiredService<ILogger<PushFrameConsumer>>()));
        });

    private static void ReceiveQuestions(this IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services, string provider) =>
        rabbit.ReceiveEndpoint(Provider.ValidationQueue(provider), endpoint =>
        {
            endpoint.UseValidationQueue(provider);
            endpoint.Consumer(() => new DeviceTokenValidationConsumer(
                services.GetRequiredKeyedService<IPushProvider>(provider), services.GetRequiredKeyedService<DeviceTokens>(provider)));
        });

    // Declared once the broker has answered; until then a parked push is returned by the broker and sent again.
    private sealed class ParkingDeclaration(Broker broker, IReadOnlyList<string> providers, ParkingLadder ladder) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => broker.WithChannelAsync(
            async channel =>
            {
                foreach (var provider in providers)
                {
                    foreach (var rung in ladder.Rungs)
                        await BusTopology.DeclareParkingQueueAsync(channel, provider, rung, cancellationToken);
                }
            },
            cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
