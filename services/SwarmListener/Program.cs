using MassTransit;
using Npgsql;
using Sotto.Contracts;
using Sotto.Hosting;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;
using Sotto.OxenMq;
using Sotto.Sodium;
using SwarmListener.Buckets;
using SwarmListener.Hearing;
using SwarmListener.Monitoring;
using SwarmListener.Nodes;
using SwarmListener.Storage;

namespace SwarmListener;

/// <summary>Holds connections to the storage network and hears of new messages.</summary>
internal static class ListenerProgram
{
    /// <summary>Schema of the listener's tables.</summary>
    public const string Schema = "swarm_listener";

    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    /// <summary>The whole service, not yet running. <paramref name="change"/> lets a test own the clock.</summary>
    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? change = null)
    {
        var builder = ServiceHost.CreateBuilder(args);
        var settings = builder.AddSettings<SwarmSettings>("Swarm");
        builder.AddDatabase(Schema, typeof(ListenerProgram).Assembly);
        builder.AddBus(bus => bus.AddConsumer<SubscriptionChangedConsumer, SubscriptionChangedConsumerDefinition>());
        builder.Services.AddListener(Keys(settings));
        builder.Services.AddHealthChecks().AddCheck<ListenerHealth>("listener");
        change?.Invoke(builder);
        var app = builder.Build();
        app.MapAdmin();
        return app;
    }

    private static void AddListener(this IServiceCollection services, OxenMqKeyPair keys)
    {
        services.AddSingleton(keys);
        services.AddSingleton<ListenerMetrics>();

        services.AddSingleton<SubscriptionStore>().AddSingleton<IAccountSource>(provider => provider.GetRequiredService<SubscriptionStore>());
        services.AddSingleton<AccountKeeper>();
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<OpenBucketLocks>(provider =>
            cancellationToken => BucketLocks.OpenAsync(provider.GetRequiredKeyedService<NpgsqlDataSource>(ServiceHost.OwnSessions), keys.PublicKey, cancellationToken));
        services.AddSingleton(provider => new BucketOwnership(
            provider.GetRequiredService<OpenBucketLocks>(), provider.GetRequiredService<AccountKeeper>(), Random.Shared,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<BucketOwnership>>()));

        services.AddSingleton<OwnedAccounts>();
        services.AddSingleton(provider => new MonitorSchedule(provider.GetRequiredService<OwnedAccounts>(), Random.Shared));
        services.AddSingleton<MonitorSender>();
        services.AddSingleton<MonitorLoop>();

        services.AddSingleton<ServiceNodeDirectory>();
        services.AddSingleton<NodeConnections>();
        services.AddSingleton<SwarmNetwork>();

        services.AddSingleton<Audience>();
        services.AddSingleton<DuplicateFilter>();
        services.AddSingleton(provider => new FramePublisher<MessageArrived>(
            provider.GetRequiredService<Broker>(), BusTopology.MessageArrived, mandatory: true, HandOver.WeightOf,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<HandOver>>()));
        services.AddSingleton<HandOver>();
        services.AddSingleton<NotifyMessageHandler>();

        services.AddHostedService<Listener>();
    }

    private static OxenMqKeyPair Keys(SwarmSettings settings)
    {
        if (settings.PrivateKeyFile is null)
            return OxenMqKeyPair.Generate();
        try
        {
            return KeyFile.ReadKey(settings.PrivateKeyFile, key => OxenMqKeyPair.FromPrivateKey(key));
        }
        catch (KeyFileException e)
        {
            throw new SettingsException($"Setting Swarm:PrivateKeyFile: {e.Message}");
        }
    }
}
