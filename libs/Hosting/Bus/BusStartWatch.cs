using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sotto.Hosting.Bus;

/// <summary>
/// Sees that the start of the bus ends. Seen once, beside a broker that was being restarted (decision 0024): a queue was being declared when its connection ended, MassTransit 8.4.0 waited for that declaration
/// for ever, and when its start timed out it waited for ever to stop.
/// </summary>
internal sealed class BusStartWatch(TimeProvider clock, ILogger<BusStartWatch> logger) : IDisposable
{
    // The bus gives up by itself before.
    internal static readonly TimeSpan Max = BusSetup.StartTimeout + TimeSpan.FromSeconds(15);

    private bool _isArmed;
    private LastResort? _lastResort;

    /// <summary>What is done then; null for the end of the process.</summary>
    internal Action? End { get; init; }

    /// <summary>From now on a start that hangs ends the process: it is a service, and no test that has several of them.</summary>
    public void Arm() => _isArmed = true;

    public void Dispose() => _lastResort?.Dispose();

    /// <summary>Stands before the bus in the order of starting.</summary>
    internal sealed class Before(BusStartWatch watch) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            if (watch._isArmed)
                watch._lastResort = new LastResort("The start of the bus", Max, watch.Clock, watch.Logger, watch.End);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Stands behind it.</summary>
    internal sealed class After(BusStartWatch watch) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            watch._lastResort?.Dispose();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private TimeProvider Clock => clock;

    private ILogger Logger => logger;
}
