using Sotto.Delivery;
using Sotto.Hosting;

namespace StubSender;

/// <summary>A sender that delivers nowhere: for tests and load, and to begin a new one from (docs/adding-a-provider.md).</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    internal static WebApplication Build(string[] args)
    {
        var builder = ServiceHost.CreateBuilder(args);

        builder.AddPushSender(StubProvider.Read(builder.Configuration));

        var app = builder.Build();
        app.MapAdmin();
        return app;
    }
}
