using Sotto.Delivery;
using Sotto.Hosting;

namespace ExampleSender;

/// <summary>Hands encrypted pushes to Example.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => ServiceHost.RunAsync(() => Build(args));

    internal static WebApplication Build(string[] args)
    {
        var builder = ServiceHost.CreateBuilder(args);

        builder.AddPushSender(ExampleProvider.Read(builder.Configuration));

        var app = builder.Build();
        app.MapAdmin();
        return app;
    }
}
