using MassTransit;
using Microsoft.Extensions.Hosting;
using Sotto.Contracts;
using Sotto.Hosting.Telemetry;

namespace Sotto.Hosting.Bus;

/// <summary>Says every few seconds what this instance has counted. A report that cannot be sent is left out: the next one says it all again.</summary>
internal sealed class StatsReporter(IBus bus, PrometheusText metrics, StatsFacts facts, IHostEnvironment environment, TimeProvider clock) : BackgroundService
{
    // Session-v2 section 8.6: notifiers report every 5 s.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly Uri Destination = new($"exchange:{BusTopology.ServiceStats}");

    private readonly Guid _instance = Guid.NewGuid();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var startedAt = clock.GetUtcNow();
        for (var sequence = 1L; !stoppingToken.IsCancellationRequested; sequence++)
        {
            try
            {
                var (counters, gauges) = metrics.Read(ServiceStats.SeriesMax);
                var report = new ServiceStats
                {
                    Service = environment.ApplicationName,
                    Instance = _instance,
                    Sequence = sequence,
                    StartedAt = startedAt,
                    Counters = counters,
                    Gauges = gauges,
                    Facts = facts.Read(),
                };
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                timeout.CancelAfter(Period);
                var endpoint = await bus.GetSendEndpoint(Destination);
                await endpoint.Send(report, context => context.Durable = false, timeout.Token);
            }
            // The broker is away, or slow; both are said elsewhere.
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Period, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
