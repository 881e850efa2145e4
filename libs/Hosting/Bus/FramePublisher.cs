using System.Diagnostics.Metrics;
using System.Threading.Channels;
using MassTransit;
using Microsoft.Extensions.Logging;
using Sotto.Contracts;
using Sotto.Hosting.Telemetry;

namespace Sotto.Hosting.Bus;

/// <summary>
/// Hands items of one kind to one exchange, many in a frame: what is waiting goes as one message while earlier frames are still being
/// confirmed. Nothing lingers when there is little to do.
/// </summary>
/// <remarks>
/// Thread-safe. Bounded: at most <see cref="WaitingMax"/> items wait and <see cref="FramesInFlightMax"/> frames are unconfirmed; beyond that
/// publishing waits. A frame that the broker did not confirm is sent again, with growing pauses, until it is confirmed or
/// the publisher is disposed; so an item may arrive twice, and is never lost while its task is pending.
/// </remarks>
/// <typeparam name="T">The event or command.</typeparam>
public sealed class FramePublisher<T> : IAsyncDisposable
    where T : class
{
    /// <summary>Most items that wait to be put into a frame.</summary>
    public const int WaitingMax = 4096;

    /// <summary>Most frames that wait for the broker's confirm at one time.</summary>
    public const int FramesInFlightMax = 4;

    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryPauseMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPauseMax = TimeSpan.FromSeconds(5);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(WaitingMax);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Uri _destination;
    private readonly ISendEndpointProvider _bus;
    private readonly bool _mandatory;
    private readonly Func<T, int> _weigh;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Counter<long> _items;
    private readonly Counter<long> _frames;
    private readonly Task[] _loops;
    private readonly KeyValuePair<string, object?> _tag;

    /// <summary>Starts the publisher.</summary>
    /// <param name="bus">The started bus.</param>
    /// <param name="exchange">A fanout exchange that <see cref="BusTopology"/> has declared.</param>
    /// <param name="mandatory">True when an exchange without a queue is an error to be retried, false when nobody need listen.</param>
    /// <param name="weigh">About how many bytes an item takes.</param>
    /// <param name="clock">Times the pauses.</param>
    /// <param name="logger">Told of frames that were not confirmed.</param>
    public FramePublisher(IBus bus, string exchange, bool mandatory, Func<T, int> weigh, TimeProvider clock, ILogger logger)
    {
        _bus = bus;
        _destination = new Uri($"exchange:{exchange}");
        _mandatory = mandatory;
        _weigh = weigh;
        _clock = clock;
        _logger = logger;
        _tag = new("exchange", exchange);
        _items = Metrics.Meter.CreateCounter<long>("sotto_published_items", description: "Items confirmed by the broker");
        _frames = Metrics.Meter.CreateCounter<long>("sotto_published_frames", description: "Frames confirmed by the broker");
        _loops = [.. Enumerable.Range(0, FramesInFlightMax).Select(_ => Task.Run(RunAsync))];
    }

    /// <summary>Completes when the broker has confirmed the frame that carried <paramref name="item"/>.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled or the publisher disposed; the item may or may not have been sent.</exception>
    public async Task PublishAsync(T item, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(item);
        await _waiting.Writer.WriteAsync(waiting, cancellationToken);
        await waiting.Confirmed.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Publishes all and completes when all are confirmed.</summary>
    public Task PublishAsync(IEnumerable<T> items, CancellationToken cancellationToken) =>
        Task.WhenAll(items.Select(item => PublishAsync(item, cancellationToken)));

    /// <summary>Stops; items not yet confirmed end as cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _stopping.CancelAsync();
        await Task.WhenAll(_loops);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var frame = new List<Waiting>(FrameLimits.ItemsMax);
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(_stopping.Token))
            {
                Gather(frame);
                if (frame.Count == 0)
                    continue;
                await SendUntilConfirmedAsync(frame);
                foreach (var waiting in frame)
                    waiting.Confirmed.TrySetResult();
                frame.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var waiting in frame)
                waiting.Confirmed.TrySetCanceled();
        }

        while (_stopping.IsCancellationRequested && _waiting.Reader.TryRead(out var left))
            left.Confirmed.TrySetCanceled();
    }

    private void Gather(List<Waiting> frame)
    {
        var bytes = 0;
        while (frame.Count < FrameLimits.ItemsMax && bytes < FrameLimits.BytesMax && _waiting.Reader.TryRead(out var waiting))
        {
            bytes += _weigh(waiting.Item);
            frame.Add(waiting);
        }
    }

    private async Task SendUntilConfirmedAsync(List<Waiting> frame)
    {
        var message = new Frame<T> { Items = [.. frame.Select(waiting => waiting.Item)] };
        for (var pause = RetryPauseMin; ; pause = pause * 2 < RetryPauseMax ? pause * 2 : RetryPauseMax)
        {
            try
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                timeout.CancelAfter(ConfirmTimeout);
                var endpoint = await _bus.GetSendEndpoint(_destination);
                await endpoint.Send(message, context => context.TryMandatory(_mandatory), timeout.Token);
                _items.Add(frame.Count, _tag);
                _frames.Add(1, _tag);
                return;
            }
            // Whatever went wrong, the items are still only here.
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                _logger.FrameNotConfirmed(_destination.AbsolutePath, frame.Count, e.GetType().Name, pause);
                await Task.Delay(pause, _clock, _stopping.Token);
            }
        }
    }

    private sealed class Waiting(T item)
    {
        public T Item { get; } = item;

        public TaskCompletionSource Confirmed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

internal static class MandatorySend
{
    public static void TryMandatory(this SendContext context, bool mandatory)
    {
        if (context.TryGetPayload<RabbitMqSendContext>(out var rabbit))
            rabbit.Mandatory = mandatory;
    }
}
