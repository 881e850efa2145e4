using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Sotto.Contracts;
using Sotto.Hosting.Telemetry;

namespace Sotto.Hosting.Bus;

/// <summary>
/// Hands items of one kind to one exchange, many in a frame: what is waiting goes as one message while earlier frames are still being
/// confirmed, and the more of them there are, the more must be waiting. Nothing lingers when there is little to do.
/// </summary>
/// <remarks>
/// Thread-safe. Bounded: at most <see cref="WaitingMax"/> items wait and <see cref="FramesInFlightMax"/> frames are unconfirmed; beyond that
/// publishing waits. A frame whose confirm was lost with the connection is sent again, with growing pauses, until it is confirmed or
/// the publisher is disposed; so an item may arrive twice, and is never lost while its task is pending. The frames are the bus's own messages, sent on the
/// connection of <see cref="Broker"/> (decision 0002).
/// </remarks>
/// <typeparam name="T">The event or command.</typeparam>
public sealed class FramePublisher<T> : IPublisher<T>
    where T : class
{
    /// <summary>Most items that wait to be put into a frame.</summary>
    public const int WaitingMax = 4096;

    /// <summary>Most frames that wait for the broker's confirm at one time.</summary>
    public const int FramesInFlightMax = 4;

    // So many items must wait before a frame leaves while so many others are unconfirmed. The first leaves at once; a second one of few items would cost both ends as
    // much as a full one, to save these few the rest of one confirm (decision 0002).
    private static readonly int[] WorthAFrame = [1, FrameLimits.ItemsMax / 8, FrameLimits.ItemsMax / 4, FrameLimits.ItemsMax / 2];

    private static readonly TimeSpan RetryPauseMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPauseMax = TimeSpan.FromSeconds(5);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(WaitingMax);

    // Holds a token whenever enough waits that no loop has been woken for. Apart from the channel, so that a list is complete before anybody takes its first item.
    private readonly SemaphoreSlim _work = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Func<FrameEnvelope<T>, CancellationToken, Task> _send;
    private readonly string _exchange;
    private readonly Func<T, int> _weigh;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Counter<long> _items;
    private readonly Counter<long> _frames;
    private readonly Counter<long> _retries;
    private readonly Task[] _loops;
    private readonly KeyValuePair<string, object?> _tag;
    private readonly ConfirmingExchange? _destination;
    private readonly FrameFormat _format;
    private int _inFlight;
    private int _disposed;

    /// <summary>Starts the publisher.</summary>
    /// <param name="broker">Where.</param>
    /// <param name="exchange">A fanout exchange.</param>
    /// <param name="mandatory">True when an exchange without a queue is an error to be retried, false when nobody need listen.</param>
    /// <param name="weigh">About how many bytes an item takes.</param>
    /// <param name="clock">Times the pauses.</param>
    /// <param name="logger">Told of frames that were not confirmed.</param>
    /// <param name="declare">
    /// Declares the exchange and what must be there for it to be of use; done before the first frame and again whenever one was not confirmed.
    /// Default: <see cref="Broker.DeclareTopologyAsync"/>.
    /// </param>
    public FramePublisher(
        Broker broker, string exchange, bool mandatory, Func<T, int> weigh, TimeProvider clock, ILogger logger,
        Func<IChannel, CancellationToken, Task>? declare = null)
        : this(new ConfirmingExchange(broker, exchange, mandatory, declare ?? broker.DeclareTopologyAsync), exchange, weigh, clock, logger) =>
        _format = broker.FrameFormat;

    internal FramePublisher(
        Func<FrameEnvelope<T>, CancellationToken, Task> send, string exchange, Func<T, int> weigh, TimeProvider clock, ILogger logger)
    {
        _send = send;
        _exchange = exchange;
        _weigh = weigh;
        _clock = clock;
        _logger = logger;
        _tag = new("exchange", exchange);
        _items = Metrics.Meter.CreateCounter<long>("sotto_published_items", description: "Items confirmed by the broker");
        _frames = Metrics.Meter.CreateCounter<long>("sotto_published_frames", description: "Frames confirmed by the broker");
        _retries = Metrics.Meter.CreateCounter<long>("sotto_published_frame_retries", description: "Frames that the broker did not confirm and that were sent again");
        _loops = [.. Enumerable.Range(0, FramesInFlightMax).Select(_ => Task.Run(RunAsync))];
    }

    private FramePublisher(ConfirmingExchange destination, string exchange, Func<T, int> weigh, TimeProvider clock, ILogger logger)
        : this((frame, cancellationToken) => destination.PublishAsync(frame.Properties, frame.Body, cancellationToken), exchange, weigh, clock, logger) =>
        _destination = destination;

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
                var waiting = new Waiting(item, _weigh(item), receipt);
                if (_waiting.Writer.TryWrite(waiting))
                    continue;
                Wake();
                await _waiting.Writer.WriteAsync(waiting, cancellationToken);
            }

            Wake();
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
        if (_destination is not null)
            await _destination.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var frame = new List<Waiting>(FrameLimits.ItemsMax);
        try
        {
            while (true)
            {
                await _work.WaitAsync(_stopping.Token);
                // Several loops may have been woken for the same items.
                var others = Interlocked.Increment(ref _inFlight) - 1;
                if (_waiting.Reader.Count >= WorthAFrame[others])
                    Gather(frame);
                if (frame.Count > 0)
                {
                    Wake();
                    await SettleAsync(frame);
                }

                Interlocked.Decrement(ref _inFlight);
                frame.Clear();
                Wake();
            }
        }
        // Told to stop while it waited, or while the broker failed it: in either case nobody sends these any more.
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            foreach (var waiting in frame)
                waiting.Receipt.Cancel();
        }

        while (_waiting.Reader.TryRead(out var left))
            left.Receipt.Cancel();
    }

    // A token that is there already will be taken after what was written before this call. Whoever adds items looks at the frames in flight afterwards, and whoever
    // ends a frame looks at the items: one of the two sees both, since neither look is done before the write that precedes it.
    private void Wake()
    {
        Interlocked.MemoryBarrier();
        var inFlight = Math.Min(Volatile.Read(ref _inFlight), FramesInFlightMax - 1);
        if (_waiting.Reader.Count >= WorthAFrame[inFlight] && _work.CurrentCount == 0)
            _work.Release();
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

    private async Task SettleAsync(List<Waiting> frame)
    {
        try
        {
            await SendUntilConfirmedAsync(frame);
            foreach (var waiting in frame)
                waiting.Receipt.Confirm();
        }
        // What cannot even be written is its publisher's fault; everybody else's frames go on.
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            foreach (var waiting in frame)
                waiting.Receipt.Fail(e);
        }
    }

    private async Task SendUntilConfirmedAsync(List<Waiting> frame)
    {
        var items = new T[frame.Count];
        for (var i = 0; i < items.Length; i++)
            items[i] = frame[i].Item;
        var envelope = new FrameEnvelope<T>(new Frame<T> { Items = items }, _clock, _format);
        for (var pause = RetryPauseMin; ; pause = pause * 2 < RetryPauseMax ? pause * 2 : RetryPauseMax)
        {
            try
            {
                CrashPoint.Pass("publisher.before-send");
                await _send(envelope, _stopping.Token);
                CrashPoint.Pass("publisher.after-confirm");
                _items.Add(items.Length, _tag);
                _frames.Add(1, _tag);
                return;
            }
            // Whatever went wrong, the items are still only here.
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                _retries.Add(1, _tag);
                _logger.FrameNotConfirmed(_exchange, items.Length, e.GetType().Name, pause);
                // What only pauses is in nobody's way: what comes meanwhile may find the broker back earlier.
                Interlocked.Decrement(ref _inFlight);
                Wake();
                await Task.Delay(pause, _clock, _stopping.Token);
                Interlocked.Increment(ref _inFlight);
            }
        }
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

        public void Fail(Exception reason) => _confirmed.TrySetException(reason);

        public void Abandon() => _abandoned = true;
    }
}
