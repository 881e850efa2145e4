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
    // There may be many apps, and what has had to wait need not hurry.
    private const int HoldingFramesMax = 16;

    /// <summary>
    /// Puts the service on the bus with two queues for each provider: its pushes, and questions about its device tokens. Where a provider has several apps, each has a queue of its own besides,
    /// for what has to wait.
    /// </summary>
    /// <exception cref="SettingsException">There is no provider to serve, or a sealing key cannot be read.</exception>
    public static void AddPushSender(this IHostApplicationBuilder builder, params IReadOnlyList<PushProviderRegistration> providers)
    {
        var settings = builder.AddSettings<DeliverySettings>("Delivery");
        builder.Services.AddSingleton(services => DeliveryReports.To(
            services.GetRequiredService<Broker>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<DeliveryReports>>()));
        builder.Services.AddSingleton<RecentPushes>();
        foreach (var provider in providers)
            builder.Services.AddProvider(provider, settings);
        builder.AddBus(more: (context, rabbit) =>
        {
            // The bus's own context knows nothing of keys.
            var services = context.GetRequiredService<IServiceProvider>();
            foreach (var provider in providers)
            {
                rabbit.ReceivePushes(services, provider, settings);
                rabbit.ReceiveQuestions(services, provider.Name);
            }
        });
        builder.Services.AddHostedService(services => new QueueDeclaration(services.GetRequiredService<Broker>(), providers, settings.Ladder, services.GetRequiredService<TimeProvider>()));
        foreach (var @switch in providers.SelectMany(SwitchesOf))
            builder.Services.AddSingleton<IHostedService>(services => services.GetRequiredKeyedService<EndpointSwitch>(@switch.Key));
        builder.Services.AddHostedService(services => CreateWatch(services, providers, settings));
    }

    private static void AddProvider(this IServiceCollection services, PushProviderRegistration registration, DeliverySettings settings)
    {
        var name = registration.Name;
        var tokens = new DeviceTokens(ReadSealingKey(registration), settings.TokenCacheMax);
        services.AddKeyedSingleton(name, (_, _) => tokens);
        services.AddKeyedSingleton(name, (provider, _) => CreateApps(provider, registration, settings));
        foreach (var (key, app) in SwitchesOf(registration))
        {
            services.AddKeyedSingleton(key, (provider, _) => new EndpointSwitch(
                provider.GetRequiredKeyedService<PushApps>(name).Find(app)!.Gate, provider.GetRequiredService<PausedQueues>(), key, name, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<EndpointSwitch>>()));
        }

        services.AddKeyedSingleton(name, (provider, _) => Parking.At(
            provider.GetRequiredService<Broker>(), name, settings.Ladder, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Parking>>()));
        services.AddKeyedSingleton(name, (provider, _) => CreateSender(provider, name, settings));
    }

    private static SealingKeyPair ReadSealingKey(PushProviderRegistration registration)
    {
        try
        {
            return KeyFile.ReadKey(registration.SealingKeyFile, key => SealingKeyPair.FromPrivateKey(key));
        }
        catch (KeyFileException e)
        {
            throw new SettingsException($"Setting {registration.Section}:SealingKeyFile: {e.Message}");
        }
    }

    // The queues that stop with the gate of an app: the push queue itself when there is but one app, else the app's own.
    private static IEnumerable<(string Key, string App)> SwitchesOf(PushProviderRegistration registration) =>
        registration.Apps.Select(app => (registration.Apps.Count == 1 ? Provider.PushQueue(registration.Name) : BusTopology.HoldingQueue(registration.Name, app.Name), app.Name));

    private static PushApps CreateApps(IServiceProvider services, PushProviderRegistration registration, DeliverySettings settings)
    {
        var isShared = registration.Apps.Count > 1;
        var apps = registration.Apps.Select(app =>
        {
            var provider = app.Create(services);
            return new PushApp(
                app.Name,
                provider,
                CreateGate(services, isShared ? $"{registration.Name} app {app.Name}" : registration.Name, provider, isShared, settings),
                new MassFailureGuard(services.GetRequiredService<TimeProvider>()),
                isShared ? CreateHolding(services, registration.Name, app.Name) : null);
        });
        return new PushApps(registration.Name, [.. apps], registration.DefaultApp);
    }

    private static ProviderGate CreateGate(IServiceProvider services, string name, IPushProvider provider, bool isShared, DeliverySettings settings)
    {
        var options = new GateOptions
        {
            InFlightMax = provider.InFlightMax,
            PerMinuteMax = provider.PerMinuteMax,
            OutageAttempts = settings.OutageAttempts,
            // Other apps' pushes are in the same frames; they must not wait through this one's pause.
            HoldMax = isShared ? TimeSpan.Zero : TimeSpan.FromSeconds(settings.HoldSeconds),
            RampUp = TimeSpan.FromSeconds(settings.RampUpSeconds),
            CredentialPace = new(TimeSpan.FromSeconds(settings.CredentialPauseSeconds), TimeSpan.FromSeconds(10 * settings.CredentialPauseSeconds)),
        };
        var gate = new ProviderGate(name, options, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<ProviderGate>>());
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(gate.StopWaiting);
        return gate;
    }

    private static FramePublisher<EncryptedPush> CreateHolding(IServiceProvider services, string provider, string app) => new(
        services.GetRequiredService<Broker>(),
        BusTopology.HoldingQueue(provider, app),
        mandatory: true,
        Parking.Weigh,
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<PushApp>>(),
        (channel, cancellationToken) => BusTopology.DeclareHoldingQueueAsync(channel, provider, app, cancellationToken));

    private static PushSender CreateSender(IServiceProvider services, string name, DeliverySettings settings)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        var logger = services.GetRequiredService<ILogger<PushSender>>();
        var apps = services.GetRequiredKeyedService<PushApps>(name);
        var metrics = new DeliveryMetrics(apps);
        var consequences = new PushConsequences(
            services.GetRequiredService<DeliveryReports>(), services.GetRequiredKeyedService<Parking>(name), metrics, settings, clock, Random.Shared, logger);
        return new PushSender(
            apps,
            services.GetRequiredKeyedService<DeviceTokens>(name),
            services.GetRequiredService<RecentPushes>(),
            consequences,
            new ThrottledDevices(clock),
            new SuspectDevices(TimeSpan.FromSeconds(settings.SuspectSeconds), clock.GetUtcNow()),
            metrics,
            clock,
            Random.Shared,
            logger);
    }

    private static CredentialWatch CreateWatch(IServiceProvider services, IReadOnlyList<PushProviderRegistration> providers, DeliverySettings settings)
    {
        var watched = providers.SelectMany(provider => provider.Apps, (provider, app) => (provider, app)).Where(pair => pair.app.Credential is not null)
            .Select(pair => new WatchedApp(
                pair.provider.Name, pair.app.Name, pair.app.Credential!, services.GetRequiredKeyedService<PushApps>(pair.provider.Name).Find(pair.app.Name)!.Gate));
        return new CredentialWatch(
            [.. watched], TimeSpan.FromSeconds(settings.CredentialLookSeconds), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<CredentialWatch>>());
    }

    private static void ReceivePushes(
        this IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services, PushProviderRegistration provider, DeliverySettings settings)
    {
        var queue = Provider.PushQueue(provider.Name);
        if (provider.Apps.Count > 1)
            rabbit.ReceivePushes(services, provider.Name, queue, isOwnQueue: false, settings, settings.PrefetchFrames);
        foreach (var (own, _) in SwitchesOf(provider))
            rabbit.ReceivePushes(services, provider.Name, own, isOwnQueue: true, settings, provider.Apps.Count > 1 ? HoldingFramesMax : settings.PrefetchFrames);
    }

    private static void ReceivePushes(
        this IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services, string provider, string queue, bool isOwnQueue, DeliverySettings settings, int framesMax) =>
        rabbit.ReceiveEndpoint(queue, endpoint =>
        {
            endpoint.UseWorkQueue();
            var frames = Math.Min(framesMax, settings.PrefetchFrames);
            endpoint.PrefetchCount = (ushort)frames;
            // All that has been fetched is in hand: what merely waited here would be given back at a pause, and counted.
            endpoint.ConcurrentMessageLimit = frames;
            if (isOwnQueue)
                endpoint.ConnectReceiveEndpointObserver(services.GetRequiredKeyedService<EndpointSwitch>(queue));
            endpoint.Consumer(() => new PushFrameConsumer(
                services.GetRequiredKeyedService<PushSender>(provider), isOwnQueue, services.GetRequiredService<DeliveryReports>(),
                services.GetRequiredService<PoisonPublisher>(), services.GetRequiredService<ILogger<PushFrameConsumer>>(),
                services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped));
        });

    private static void ReceiveQuestions(this IRabbitMqBusFactoryConfigurator rabbit, IServiceProvider services, string provider) =>
        rabbit.ReceiveEndpoint(Provider.ValidationQueue(provider), endpoint =>
        {
            endpoint.UseValidationQueue(provider);
            endpoint.Consumer(() => new DeviceTokenValidationConsumer(
                services.GetRequiredKeyedService<PushApps>(provider), services.GetRequiredKeyedService<DeviceTokens>(provider)));
        });

    // Declared once the broker has answered; until then a parked push is returned by the broker and sent again.
    private sealed class QueueDeclaration(Broker broker, IReadOnlyList<PushProviderRegistration> providers, ParkingLadder ladder, TimeProvider clock) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => broker.DeclareAtStartAsync(
            async channel =>
            {
                foreach (var provider in providers)
                {
                    foreach (var rung in ladder.Rungs)
                        await BusTopology.DeclareParkingQueueAsync(channel, provider.Name, rung, cancellationToken);
                }
            },
            clock,
            cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
