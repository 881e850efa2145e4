using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;
using SwarmListener.Hearing;

namespace SwarmListener.Tests.Hearing;

/// <summary>A broker that never answers.</summary>
[CancelAfter(60_000)]
public sealed class HandOverTests
{
    // Nobody listens at port 1.
    private readonly Uri _nowhere = new("amqp://127.0.0.1:1");
    private readonly ListenerMetrics _metrics = new();

    [Test]
    public async Task What_finds_no_room_is_refused_at_once_and_may_come_again()
    {
        var settings = new SwarmSettings { WaitingMessagesMax = 100 };
        await using var broker = new Broker(_nowhere, "test");
        await using var publisher = Publisher(broker);
        var duplicates = new DuplicateFilter(settings, TimeProvider.System);
        var handOver = new HandOver(settings, publisher, duplicates, _metrics);

        var taken = new List<MessageKey>();
        var refused = new List<MessageKey>();
        for (ulong i = 0; i < 5_000; i++)
        {
            var key = new MessageKey(i, i);
            duplicates.TryAdd(key);
            (handOver.Take(Message(0), key, new NodeRoom()) == Refusal.None ? taken : refused).Add(key);
        }

        Assert.That(taken, Has.Count.InRange(100, 100 + (HandOver.GroupsMax * FrameLimits.ItemsMax)));
        Assert.That(refused.TrueForAll(duplicates.TryAdd), "A later copy of each is taken.");
        Assert.That(taken.Exists(duplicates.TryAdd), Is.False, "Copies of what is on its way are not.");

        await publisher.DisposeAsync();
        await Eventually.BecomesTrueAsync(() => handOver.Bytes == 0, what: "nothing was on its way any more");
        Assert.That(taken.TrueForAll(duplicates.TryAdd), "What failed for good may come again.");
        await handOver.DisposeAsync();
    }

    [Test]
    public async Task Large_messages_are_bounded_by_their_bytes()
    {
        var settings = new SwarmSettings { WaitingMegabytesMax = 1 };
        await using var broker = new Broker(_nowhere, "test");
        await using var publisher = Publisher(broker);
        var handOver = new HandOver(settings, publisher, new DuplicateFilter(settings, TimeProvider.System), _metrics);

        var taken = Enumerable.Range(0, 100).Count(i => handOver.Take(Message(76_800), new MessageKey((ulong)i, 0), new NodeRoom()) == Refusal.None);

        Assert.That(taken, Is.EqualTo(1024 * 1024 / HandOver.WeightOf(Message(76_800))));
        Assert.That(handOver.Bytes, Is.LessThanOrEqualTo(1024 * 1024));
        await publisher.DisposeAsync();
        await handOver.DisposeAsync();
    }

    [TestCase(0, 1_000)]
    [TestCase(76_800, 3)]
    public async Task A_node_that_sends_too_much_leaves_room_for_the_others(int dataBytes, int share)
    {
        var settings = new SwarmSettings { WaitingMessagesMax = 4_000, WaitingMegabytesMax = 1 };
        await using var broker = new Broker(_nowhere, "test");
        await using var publisher = Publisher(broker);
        var handOver = new HandOver(settings, publisher, new DuplicateFilter(settings, TimeProvider.System), _metrics);
        var (greedy, modest) = (new NodeRoom(), new NodeRoom());

        var outcomes = Enumerable.Range(0, 10_000).Select(i => handOver.Take(Message(dataBytes), new MessageKey((ulong)i, 0), greedy)).ToList();

        var byBytes = 1024 * 1024 / HandOver.NodeShare / HandOver.WeightOf(Message(dataBytes));
        Assert.That(outcomes.Count(outcome => outcome == Refusal.None), Is.EqualTo(Math.Min(share, byBytes)));
        Assert.That(outcomes, Has.None.EqualTo(Refusal.NoRoom));
        Assert.That(handOver.Take(Message(dataBytes), new MessageKey(0, 1), modest), Is.EqualTo(Refusal.None));
        await publisher.DisposeAsync();
        await handOver.DisposeAsync();
    }

    private static FramePublisher<MessageArrived> Publisher(Broker broker) =>
        new(broker, BusTopology.MessageArrived, mandatory: true, HandOver.WeightOf, TimeProvider.System, NullLogger.Instance);

    private static MessageArrived Message(int dataBytes) => new()
    {
        Account = new byte[33],
        MessageHash = new string('h', 43),
        Namespace = 0,
        StoredAtMilliseconds = 0,
        ExpiresAtMilliseconds = 0,
        Data = new byte[dataBytes],
    };
}
