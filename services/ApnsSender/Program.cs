using Sotto.Delivery;
using Sotto.Hosting;

namespace ApnsSender;

/// <summary>Hands encrypted pushes to Apple: production and, as a provider of its own, sandbox.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    internal static WebApplication Build(string[] args)
    {
        var builder = ServiceHost.CreateBuilder(args);

        builder.AddPushSender(ApnsProviders.Read(builder.Configuration));

        var app = builder.Build();
        app.MapAdmin();
        return app;
    }
}
