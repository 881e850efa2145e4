using Sotto.Delivery;
using Sotto.Hosting;

namespace HuaweiSender;

/// <summary>Hands encrypted pushes to Huawei Push Kit.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    internal static WebApplication Build(string[] args)
    {
        var builder = ServiceHost.CreateBuilder(args);

        builder.AddPushSender(HuaweiProvider.Read(builder.Configuration));

        var app = builder.Build();
        app.MapAdmin();
        return app;
    }
}
