using Encryptor.Storage;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;

namespace Encryptor;

/// <summary>Finds the subscriptions of a message and seals one envelope for each.</summary>
internal static class EncryptorProgram
{
    /// <summary>Schema of the Encryptor's tables.</summary>
    public const string Schema = "encryptor";

    // Every statement here is for a few rows by an index; a plan made while a table was empty must not scan it when it is full.
    private const string SessionOptions = "-c enable_seqscan=off -c jit=off";

    // About what a change takes beside the sealed token, in bytes: keys, signature, names.
    private const int ReadyWeight = 600;

    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    /// <summary>The whole service, not yet running. <paramref name="change"/> lets a test own the clock.</summary>
    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? change = null)
    {
        var builder = ServiceHost.CreateBuilder(args);
        var settings = builder.AddSettings<EncryptorSettings>("Encryptor");
        var keys = EncryptorKeys.Read(settings.PrivateKeyFile);
        builder.Services.AddSingleton(_ => keys);
        builder.Services.AddSingleton<EncryptorMetrics>();

        builder.AddDatabase(Schema, typeof(EncryptorProgram).Assembly, SessionOptions);
        builder.Services.AddHostedService<KeyCheck>();
        builder.Services.AddSingleton<SubscriptionStore>().AddSingleton<ISubscribers>(services => services.GetRequiredService<SubscriptionStore>());
        builder.Services.AddSingleton<DuplicateWindow>().AddSingleton<IDuplicateWindow>(services => services.GetRequiredService<DuplicateWindow>());
        builder.Services.AddHostedService<Housekeeping>();

        builder.Services.AddSingleton<IPushQueues, PushQueues>();
        builder.Services.AddSingleton<PushMaker>();
        builder.Services.AddSingleton(services => new FramePublisher<SubscriptionChanged>(
            services.GetRequiredService<Broker>(),
            BusTopology.SubscriptionReady,
            mandatory: true,
            change => ReadyWeight + (change.SealedDeviceToken?.Length ?? 0),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<FramePublisher<SubscriptionChanged>>>()));
        builder.AddBus(bus =>
        {
            bus.AddConsumer<SubscriptionChangedConsumer, SubscriptionChangedConsumerDefinition>();
            bus.AddConsumer<MessageArrivedConsumer, MessageArrivedConsumerDefinition>();
        });
        change?.Invoke(builder);
        var app = builder.Build();
        app.MapAdmin();
        return app;
    }
}
