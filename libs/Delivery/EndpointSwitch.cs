using System.Threading.Channels;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sotto.Delivery;

/// <summary>
/// Stops taking pushes from the broker while their provider's gate is closed for long, and starts again afterwards: the queue keeps them, not this process.
/// </summary>
/// <remarks>Frames that were in hand go back by parking; merely giving them back would count against their number of deliveries.</remarks>
internal sealed class EndpointSwitch(ProviderGate gate, string provider, TimeProvider clock, ILogger<EndpointSwitch> logger)
    : BackgroundService, IReceiveEndpointObserver
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    // Only the latest wish counts.
    private readonly Channel<bool> _pause = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private IReceiveEndpoint? _endpoint;
    private bool _paused;

    public Task Ready(ReceiveEndpointReady ready)
    {
        _endpoint = ready.ReceiveEndpoint;
        return Task.CompletedTask;
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        gate.LongPause = Wish;
        await foreach (var pause in _pause.Reader.ReadAllAsync(stoppingToken))
            await SwitchAsync(pause, stoppingToken);
    }

    private void Wish(bool pause) => _pause.Writer.TryWrite(pause);

    private async Task SwitchAsync(bool pause, CancellationToken stoppingToken)
    {
        if (_endpoint is not { } endpoint || pause == _paused)
            return;
        try
        {
            if (pause)
                await endpoint.Stop(stoppingToken);
            else
                await endpoint.Start(stoppingToken).Ready.WaitAsync(stoppingToken);
            _paused = pause;
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            logger.SwitchFailed(provider, e.GetType().Name);
            await Task.Delay(RetryPause, clock, stoppingToken);
            // A newer wish, if there is one, takes the place of this.
            if (!_pause.Reader.TryPeek(out _))
                Wish(pause);
        }
    }
}
