using System.Threading.Channels;
using Sotto.Contracts;
using Sotto.Hosting;
using Sotto.Hosting.Bus;

namespace SwarmListener.Hearing;

/// <summary>Takes messages from the I/O thread, which must not wait, and brings them to the broker. Bounded by count and by bytes.</summary>
/// <remarks>
/// What waits while earlier messages are being confirmed travels together. A message is accepted by being confirmed; one for which there is no room
/// is refused at once, counted, and forgotten, so that a later copy of it may be taken.
/// </remarks>
internal sealed class HandOver : IAsyncDisposable
{
    /// <summary>Most groups of messages on their way: so many that the publisher always finds the next frame ready.</summary>
    public const int GroupsMax = 2 * FramePublisher<MessageArrived>.FramesInFlightMax;

    /// <summary>One node's messages may take up one part in so many of the room: fewer nodes than that cannot crowd out the others.</summary>
    public const int NodeShare = 4;

    // What a message weighs without its data: account, hash, times and the object itself.
    private const int OwnBytes = 300;

    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(10);

    private readonly FramePublisher<MessageArrived> _publisher;
    private readonly DuplicateFilter _duplicates;
    private readonly ListenerMetrics _metrics;
    private readonly Channel<Waiting> _waiting;
    private readonly SemaphoreSlim _publishing = new(GroupsMax, GroupsMax);
    private readonly CancellationTokenSource _stopping = new();
    private readonly int _messagesMax;
    private readonly long _bytesMax;
    private readonly Task _loop;
    private long _bytes;

    public HandOver(SwarmSettings settings, FramePublisher<MessageArrived> publisher, DuplicateFilter duplicates, ListenerMetrics metrics)
    {
        (_publisher, _duplicates, _metrics) = (publisher, duplicates, metrics);
        _messagesMax = settings.WaitingMessagesMax;
        _bytesMax = settings.WaitingMegabytesMax * 1024L * 1024L;
        _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(_messagesMax) { SingleReader = true });
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Bytes that wait or are on their way.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Messages that wait.</summary>
    public int Count => _waiting.Reader.Count;

    /// <summary>True while no message could be taken over.</summary>
    public bool IsFull => Bytes >= _bytesMax || Count >= _messagesMax;

    /// <summary>What a message counts against the bound on bytes.</summary>
    public static int WeightOf(MessageArrived message) => OwnBytes + (message.Data?.Length ?? 0);

    /// <summary>Takes a message over, unless there is no room: then it was never accepted, and its key is forgotten.</summary>
    public Refusal Take(MessageArrived message, MessageKey key, NodeRoom room)
    {
        var weight = WeightOf(message);
        var refusal = Refusal.NodeHasTooMany;
        if (room.TryEnter(weight, _messagesMax / NodeShare, _bytesMax / NodeShare))
        {
            if (Interlocked.Add(ref _bytes, weight) <= _bytesMax && _waiting.Writer.TryWrite(new Waiting(message, key, room)))
                return Refusal.None;
            Interlocked.Add(ref _bytes, -weight);
            room.Leave(weight);
            refusal = Refusal.NoRoom;
        }

        _duplicates.Forget(key);
        return refusal;
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
            while (await _waiting.Reader.WaitToReadAsync(_stopping.Token))
            {
                await _publishing.WaitAsync(_stopping.Token);
                _ = PublishAsync(Gather());
            }

            // All permits together: nothing is on its way any more.
            for (var i = 0; i < GroupsMax; i++)
                await _publishing.WaitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // What is left was never confirmed, and so never accepted.
        }
    }

    private List<Waiting> Gather()
    {
        var group = new List<Waiting>();
        var bytes = 0;
        while (group.Count < FrameLimits.ItemsMax && bytes < FrameLimits.BytesMax && _waiting.Reader.TryRead(out var waiting))
        {
            bytes += WeightOf(waiting.Message);
            group.Add(waiting);
        }

        return group;
    }

    private async Task PublishAsync(List<Waiting> group)
    {
        try
        {
            CrashPoint.Pass("hand-over.before-publish");
            await _publisher.PublishAsync(group.Select(waiting => waiting.Message), _stopping.Token);
            CrashPoint.Pass("hand-over.after-confirm");
            _metrics.Published(group.Count);
        }
        // The publisher gives up only when it is disposed of. Whatever it was, the broker did not confirm.
        catch (Exception)
        {
            foreach (var waiting in group)
                _duplicates.Forget(waiting.Key);
        }
        finally
        {
            foreach (var waiting in group)
            {
                var weight = WeightOf(waiting.Message);
                Interlocked.Add(ref _bytes, -weight);
                waiting.Room.Leave(weight);
            }

            _publishing.Release();
        }
    }

    private readonly record struct Waiting(MessageArrived Message, MessageKey Key, NodeRoom Room);
}
