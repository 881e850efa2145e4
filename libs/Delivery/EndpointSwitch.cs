using System.Threading.Channels;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sotto.Hosting.Bus;

namespace Sotto.Delivery;

/// <summary>
/// Stops taking pushes from the broker while their provider's gate is closed for long, and starts again afterwards: the queue keeps them, not this process.
/// </summary>
/// <remarks>Frames that were in hand go back by parking; merely giving them back would count against their number of deliveries.</remarks>
internal sealed class EndpointSwitch : BackgroundService, IReceiveEndpointObserver
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    // A stop waits for the frames in hand, and these for the broker. What takes longer is tried again.
    private static readonly TimeSpan SwitchMax = TimeSpan.FromMinutes(2);

    // Only the latest wish counts.
    private readonly Channel<bool> _pause = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly TaskCompletionSource<IReceiveEndpoint> _endpoint = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PausedQueues _pausedQueues;
    private readonly string _queue;
    private readonly string _provider;
    private readonly TimeProvider _clock;
    private readonly ILogger<EndpointSwitch> _logger;

    // Null when a switch has failed: it may have been done or not.
    private bool? _paused = false;

    public EndpointSwitch(ProviderGate gate, PausedQueues pausedQueues, string queue, string provider, TimeProvider clock, ILogger<EndpointSwitch> logger)
    {
        (_pausedQueues, _queue, _provider, _clock, _logger) = (pausedQueues, queue, provider, clock, logger);
        // The gate may close before we run.
        gate.LongPause = pause => _pause.Writer.TryWrite(pause);
    }

    public Task Ready(ReceiveEndpointReady ready)
    {
        _endpoint.TrySetResult(ready.ReceiveEndpoint);
        return Task.CompletedTask;
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var endpoint = await _endpoint.Task.WaitAsync(stoppingToken);
        await foreach (var wish in _pause.Reader.ReadAllAsync(stoppingToken))
        {
            for (var pause = wish; pause != _paused; pause = _pause.Reader.TryRead(out var newer) ? newer : pause)
                await SwitchAsync(endpoint, pause, stoppingToken);
        }
    }

    private async Task SwitchAsync(IReceiveEndpoint endpoint, bool pause, CancellationToken stoppingToken)
    {
        // What does not start again is for the watch over consumers to see.
        if (pause)
            _pausedQueues.Add(_queue);
        else
            _pausedQueues.Remove(_queue);
        try
        {
            // What has failed half-way cannot be started before it has been stopped.
            if (pause || _paused is null)
                await endpoint.Stop(stoppingToken).WaitAsync(SwitchMax, _clock, stoppingToken);
            if (!pause)
                await endpoint.Start(stoppingToken).Ready.WaitAsync(SwitchMax, _clock, stoppingToken);
            _paused = pause;
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            _paused = null;
            _logger.SwitchFailed(_provider, e.GetType().Name);
            await Task.Delay(RetryPause, _clock, stoppingToken);
        }
    }
}
