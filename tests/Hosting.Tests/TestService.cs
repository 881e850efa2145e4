using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Sotto.Hosting;

namespace Hosting.Tests;

/// <summary>A service of nothing but its host, for as long as a test lasts.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestService(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    /// <summary>Every address that it listens at, the one for health and metrics first.</summary>
    public Uri[] Addresses =>
        [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];

    public static async Task<TestService> StartAsync(
        Action<WebApplicationBuilder> build, Action<WebApplication>? map = null, params string[] settings)
    {
        var builder = ServiceHost.CreateBuilder([.. settings.Select(setting => $"--{setting}"), "--Log:Level=Error"]);
        build(builder);
        var app = builder.Build();
        app.MapAdmin();
        map?.Invoke(app);
        await app.StartAsync();
        return new TestService(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
