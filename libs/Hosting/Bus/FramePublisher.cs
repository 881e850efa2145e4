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

    /// <summary>
    /// How long one confirm is waited for before the frame is sent again. A broken connection is noticed much earlier, by heartbeats; this is for a broker that
    /// holds publishers back while it is short of memory, and would find a copy of the frame for each time we lost patience.
    /// </summary>
    public static readonly TimeSpan ConfirmTimeout = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan RetryPauseMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPauseMax = TimeSpan.FromSeconds(5);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(WaitingMax);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Uri _destination;
    private readonly ISendEndpointProvider _bus;
    private readonly bool _mandatory;
    private readonly Func<T, int> _weigh;
    private readonly Func<CancellationToken, Task>? _declare;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Counter<long> _items;
    private readonly Counter<long> _frames;
    private readonly Counter<long> _retries;
    private readonly Task[] _loops;
    private readonly KeyValuePair<string, object?> _tag;
    private volatile bool _declared;
    private int _disposed;

    /// <summary>Starts the publisher.</summary>
    /// <param name="bus">The bus; frames wait until it is started.</param>
    /// <param name="exchange">A fanout exchange that <see cref="BusTopology"/> has declared.</param>
    /// <param name="mandatory">True when an exchange without a queue is an error to be retried, false when nobody need listen.</param>
    /// <param name="weigh">About how many bytes an item takes.</param>
    /// <param name="clock">Times the pauses.</param>
    /// <param name="logger">Told of frames that were not confirmed.</param>
    /// <param name="declare">Declares what must be there for the exchange to be of use; done before the first frame and again whenever one was not confirmed.</param>
    public FramePublisher(
        ISendEndpointProvider bus, string exchange, bool mandatory, Func<T, int> weigh, TimeProvider clock, ILogger logger,
        Func<CancellationToken, Task>? declare = null)
    {
        _bus = bus;
        _destination = new Uri($"exchange:{exchange}");
        _mandatory = mandatory;
        _weigh = weigh;
        _declare = declare;
        _clock = clock;
        _logger = logger;
        _tag = new("exchange", exchange);
        _items = Metrics.Meter.CreateCounter<long>("sotto_published_items", description: "Items confirmed by the broker");
        _frames = Metrics.Meter.CreateCounter<long>("sotto_published_frames", description: "Frames confirmed by the broker");
        _retries = Metrics.Meter.CreateCounter<long>("sotto_published_frame_retries", description: "Frames that the broker did not confirm and that were sent again");
        _loops = [.. Enumerable.Range(0, FramesInFlightMax).Select(_ => Task.Run(RunAsync))];
    }

    /// <summary>Completes when the broker has confirmed the frame that carried <paramref name="item"/>.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled or the publisher disposed; the item may or may not have been sent.</exception>
    public Task PublishAsync(T item, CancellationToken cancellationToken) => PublishAsync([item], cancellationToken);

    /// <summary>Publishes all, in as few frames as their weight allows, and completes when all are confirmed.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled or the publisher disposed; each item may or may not have been sent.</exception>
    public async Task PublishAsync(IEnumerable<T> items, CancellationToken cancellationToken)
    {
        var receipt = new Receipt();
        try
        {
            foreach (var item in items)
            {
                receipt.Expect();
                await _waiting.Writer.WriteAsync(new Waiting(item, _weigh(item), receipt), cancellationToken);
            }

            receipt.ExpectNoMore();
            await receipt.Confirmed.WaitAsync(cancellationToken);
        }
        catch (ChannelClosedException e)
        {
            throw new OperationCanceledException("The publisher has been disposed.", e);
        }
        finally
        {
            // Whoever gave up will publish again: what has not been sent by then need not be sent for this time.
            receipt.Abandon();
        }
    }

    /// <summary>Stops; items not yet confirmed end as cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
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
                    waiting.Receipt.Confirm();
                frame.Clear();
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var waiting in frame)
                waiting.Receipt.Cancel();
        }

        while (_waiting.Reader.TryRead(out var left))
            left.Receipt.Cancel();
    }

    private void Gather(List<Waiting> frame)
    {
        var bytes = 0;
        while (frame.Count < FrameLimits.ItemsMax && bytes < FrameLimits.BytesMax && _waiting.Reader.TryRead(out var waiting))
        {
            if (waiting.Receipt.IsAbandoned)
                continue;
            bytes += waiting.Bytes;
            frame.Add(waiting);
        }
    }

    private async Task SendUntilConfirmedAsync(List<Waiting> frame)
    {
        var items = new T[frame.Count];
        for (var i = 0; i < items.Length; i++)
            items[i] = frame[i].Item;
        var message = new Frame<T> { Items = items };
        for (var pause = RetryPauseMin; ; pause = pause * 2 < RetryPauseMax ? pause * 2 : RetryPauseMax)
        {
            try
            {
                await SendAsync(message);
                _items.Add(items.Length, _tag);
                _frames.Add(1, _tag);
                return;
            }
            // Whatever went wrong, the items are still only here.
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                _declared = false;
                _retries.Add(1, _tag);
                _logger.FrameNotConfirmed(_destination.AbsolutePath, items.Length, e.GetType().Name, pause);
                await Task.Delay(pause, _clock, _stopping.Token);
            }
        }
    }

    private async Task SendAsync(Frame<T> message)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        timeout.CancelAfter(ConfirmTimeout);
        if (_declare is not null && !_declared)
        {
            await _declare(timeout.Token);
            _declared = true;
        }

        var endpoint = await _bus.GetSendEndpoint(_destination);
        await endpoint.Send(message, context => context.TryMandatory(_mandatory), timeout.Token);
    }

    private readonly record struct Waiting(T Item, int Bytes, Receipt Receipt);

    // One for each call of PublishAsync, however many items it brought.
    private sealed class Receipt
    {
        private readonly TaskCompletionSource _confirmed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _outstanding = 1;
        private volatile bool _abandoned;

        public Task Confirmed => _confirmed.Task;

        public bool IsAbandoned => _abandoned;

        public void Expect() => Interlocked.Increment(ref _outstanding);

        public void ExpectNoMore() => Confirm();

        public void Confirm()
        {
            if (Interlocked.Decrement(ref _outstanding) == 0)
                _confirmed.TrySetResult();
        }

        public void Cancel() => _confirmed.TrySetCanceled();

        public void Abandon() => _abandoned = true;
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
