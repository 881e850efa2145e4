using DeadLetterKeeper.Storage;
using MassTransit;
using Sotto.Hosting;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;

namespace DeadLetterKeeper;

/// <summary>What is in this service.</summary>
internal static class KeeperProgram
{
    /// <summary>Schema of its tables.</summary>
    public const string Schema = "dead_letters";

    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    /// <summary>The whole service, not yet running.</summary>
    internal static WebApplication Build(string[] args)
    {
        var builder = ServiceHost.CreateBuilder(args);
        builder.AddSettings<KeeperSettings>("Keeper");
        builder.AddDatabase(Schema, typeof(KeeperProgram).Assembly);
        builder.Services.AddSingleton<DeadLetterStore>();
        builder.AddBus(bus => bus.AddConsumer<PushDeadLetteredConsumer, PushDeadLetteredConsumerDefinition>());
        builder.Services.AddHostedService<PoisonReader>();
        builder.Services.AddHostedService<Housekeeping>();
        var app = builder.Build();
        app.MapAdmin();
        return app;
    }
}
