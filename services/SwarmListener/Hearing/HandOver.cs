using System.Threading.Channels;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace SwarmListener.Hearing;

/// <summary>Takes messages from the I/O thread, which must not wait, and brings them to the broker. Bounded by count and by bytes.</summary>
internal sealed class HandOver : IAsyncDisposable
{
    /// <summary>Most messages on their way to the broker, beside those that wait here; more would only wait in the publisher.</summary>
    public const int PublishingMax = FramePublisher<MessageArrived>.WaitingMax;

    // What a message weighs without its data: account, hash, times and the object itself.
    private const int OwnBytes = 300;

    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(10);

    private readonly FramePublisher<MessageArrived> _publisher;
    private readonly DuplicateFilter _duplicates;
    private readonly ListenerMetrics _metrics;
    private readonly Channel<Waiting> _waiting;
    private readonly SemaphoreSlim _publishing = new(PublishingMax, PublishingMax);
    private readonly CancellationTokenSource _stopping = new();
    private readonly long _bytesMax;
    private readonly Task _loop;
    private long _bytes;

    public HandOver(SwarmSettings settings, FramePublisher<MessageArrived> publisher, DuplicateFilter duplicates, ListenerMetrics metrics)
    {
        (_publisher, _duplicates, _metrics) = (publisher, duplicates, metrics);
        _bytesMax = settings.WaitingMegabytesMax * 1024L * 1024L;
        _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(settings.WaitingMessagesMax) { SingleReader = true });
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Bytes that wait or are on their way.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Messages that wait.</summary>
    public int Count => _waiting.Reader.Count;

    /// <summary>What a message counts against the bound on bytes.</summary>
    public static int WeightOf(MessageArrived message) => OwnBytes + (message.Data?.Length ?? 0);

    /// <summary>Takes a message over. False when there is no room: then it was never accepted, and its key is forgotten.</summary>
    public bool TryTake(MessageArrived message, MessageKey key)
    {
        var weight = WeightOf(message);
        if (Interlocked.Add(ref _bytes, weight) <= _bytesMax && _waiting.Writer.TryWrite(new Waiting(message, key)))
            return true;
        Interlocked.Add(ref _bytes, -weight);
        _duplicates.Forget(key);
        return false;
    }

    /// <summary>Brings what was taken to the broker, for a bounded time; nothing more is taken.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_waiting.Writer.TryComplete())
            return;
        _stopping.CancelAfter(DrainMax);
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var waiting in _waiting.Reader.ReadAllAsync(_stopping.Token))
            {
                await _publishing.WaitAsync(_stopping.Token);
                _ = PublishAsync(waiting);
            }

            // All permits together: nothing is on its way any more.
            for (var i = 0; i < PublishingMax; i++)
                await _publishing.WaitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // What is left was never confirmed; the nodes' other copies went to other instances, or to nobody.
        }
    }

    private async Task PublishAsync(Waiting waiting)
    {
        try
        {
            await _publisher.PublishAsync(waiting.Message, _stopping.Token);
            _metrics.Published();
        }
        // The publisher gives up only when it is disposed of. Whatever it was, the broker did not confirm.
        catch (Exception)
        {
            _duplicates.Forget(waiting.Key);
        }
        finally
        {
            Interlocked.Add(ref _bytes, -WeightOf(waiting.Message));
            _publishing.Release();
        }
    }

    private readonly record struct Waiting(MessageArrived Message, MessageKey Key);
}
