using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;
using Sotto.OnionRequests;
using Sotto.Sodium;
using SubscriptionApi.Http;
using SubscriptionApi.Ingress;
using SubscriptionApi.OnionRequests;
using SubscriptionApi.Providers;
using SubscriptionApi.Stats;
using SubscriptionApi.Storage;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi;

/// <summary>What is in this service.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    /// <summary>The service, ready to be started; a test may replace some of it.</summary>
    internal static WebApplication Build(string[] args, Action<IServiceCollection>? replace = null)
    {
        var builder = ServiceHost.CreateBuilder(args);
        builder.AddClients();
        builder.AddDatabase("subscription_api", typeof(Program).Assembly);
        builder.AddBus(bus =>
        {
            bus.AddConsumer<DeviceTokenInvalidatedConsumer, DeviceTokenInvalidatedConsumerDefinition>();
            bus.AddConsumer<ServiceStatsConsumer, ServiceStatsConsumerDefinition>();
        });
        builder.AddProviders();
        builder.AddStorage();
        replace?.Invoke(builder.Services);

        var app = builder.Build();
        // Wrong keys must end the service before it listens.
        app.Services.GetRequiredService<SealingKeys>();
        app.Services.GetRequiredService<ServerCertificate>().Require();
        app.MapAdmin(admin => admin.MapStats());
        app.Run(app.Services.GetRequiredService<Entrance>().HandleAsync);
        return app;
    }

    private static void AddClients(this WebApplicationBuilder builder)
    {
        var api = builder.AddSettings<ApiSettings>("Api");
        var onion = builder.AddSettings<OnionSettings>("Onion");
        builder.AddIngress(api);
        builder.Services.AddSingleton(ReadOnionKey(onion));
        builder.Services.AddSingleton<LargeBodies>();
        builder.Services.AddSingleton<SubscribeEndpoint>();
        builder.Services.AddSingleton<UnsubscribeEndpoint>();
        builder.Services.AddSingleton<ItemBatch>();
        builder.Services.AddSingleton<SubscriptionRoutes>();
        builder.Services.AddSingleton<OnionRequestEndpoint>();
        builder.Services.AddSingleton<Entrance>();
    }

    private static void AddProviders(this WebApplicationBuilder builder)
    {
        builder.AddSettings<SealingSettings>("Sealing");
        builder.Services.AddSingleton<SealingKeys>();
        builder.Services.AddSingleton<ProviderFacts>();
        builder.Services.AddSingleton<EnvelopeKeySeal>();
        builder.Services.AddSingleton<ProviderDirectory>();
        builder.Services.AddSingleton<ValidationClient>();
        builder.Services.AddSingleton<DeviceInquiry.Factory>();
    }

    private static void AddStorage(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.AddSingleton<SubscriptionStore>();
        builder.Services.AddSingleton<Outbox>();
        builder.Services.AddSingleton(services => new FramePublisher<SubscriptionChanged>(
            services.GetRequiredService<Broker>(),
            BusTopology.SubscriptionChanged,
            mandatory: true,
            OutboxPublisher.Weigh,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<FramePublisher<SubscriptionChanged>>>()));
        builder.Services.AddHostedService<OutboxPublisher>();
        builder.Services.AddHostedService<OutboxBacklog>();
        builder.Services.AddHostedService<ExpirySweep>();
        builder.Services.AddSingleton<InstanceStore>();
        builder.Services.AddSingleton<StatsReader>();
        builder.Services.AddHostedService<StatsSweep>();
    }

    private static OnionKey ReadOnionKey(OnionSettings settings)
    {
        try
        {
            return KeyFile.ReadKey(settings.PrivateKeyFile, key => OnionKey.FromPrivateKey(key));
        }
        catch (KeyFileException e)
        {
            throw new SettingsException($"Setting Onion:PrivateKeyFile: {e.Message}");
        }
    }
}
