using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Sotto.OxenMq;
using Sotto.TestSupport;

namespace SwarmListener.Tests.Service;

/// <summary>The real service in this process.</summary>
internal sealed class RunningListener : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningListener(WebApplication app) => _app = app;

    public ListenerMetrics Metrics => Get<ListenerMetrics>();

    /// <summary>How storage nodes know it, as FakeSwarm writes it.</summary>
    public string RoutingId => "4c" + Convert.ToHexStringLower(Get<OxenMqKeyPair>().PublicKey.Span);

    public static async Task<RunningListener> StartAsync(IEnumerable<string> settings, TimeProvider? clock = null)
    {
        var app = ListenerProgram.Build([.. settings], builder =>
        {
            if (clock is not null)
                builder.Services.AddSingleton(clock);
        });
        try
        {
            await app.StartAsync();
            return new RunningListener(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public Task<HealthReport> HealthAsync() => Get<HealthCheckService>().CheckHealthAsync();

    public Task BecomesReadyAsync() =>
        Eventually.BecomesTrueAsync(async () => (await HealthAsync()).Status == HealthStatus.Healthy, what: "the listener was ready");

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
