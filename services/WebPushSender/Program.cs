using Sotto.Delivery;
using Sotto.Hosting;

namespace WebPushSender;

/// <summary>Hands encrypted pushes to Web Push servers: those of browsers, and UnifiedPush servers, which anybody may run.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    internal static WebApplication Build(string[] args)
    {
        var builder = ServiceHost.CreateBuilder(args);

        builder.AddPushSender(WebPushProvider.Read(builder.Configuration));

        var app = builder.Build();
        app.MapAdmin();
        return app;
    }
}
