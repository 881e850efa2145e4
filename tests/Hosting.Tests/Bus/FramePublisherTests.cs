using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;

namespace Hosting.Tests.Bus;

/// <summary>How items become frames, without a broker; see BusTests for the rest.</summary>
public sealed class FramePublisherTests
{
    private HeldBroker _broker = null!;
    private FramePublisher<PushExpired> _publisher = null!;
    private int _weight;

    [SetUp]
    public void SetUp()
    {
        _broker = new HeldBroker();
        _weight = 100;
        _publisher = new(_broker.SendAsync, "held", _ => _weight, TimeProvider.System, NullLogger.Instance);
    }

    [TearDown]
    public async Task TearDown() => await _publisher.DisposeAsync();

    [Test]
    public async Task A_single_item_does_not_wait_for_company()
    {
        var publishing = _publisher.PublishAsync(Item(), CancellationToken.None);

        await Eventually.BecomesTrueAsync(() => _broker.Sent.Count == 1);
        Assert.That(publishing.IsCompleted, Is.False, "It completed before it was confirmed.");
        _broker.ConfirmAll();
        await publishing;
    }

    [Test]
    public async Task What_is_published_together_travels_together()
    {
        _broker.ConfirmAll();
        for (var i = 0; i < 50; i++)
            await _publisher.PublishAsync(Items(FrameLimits.ItemsMax), CancellationToken.None);

        Assert.That(_broker.Sent.Select(frame => frame.Items.Count), Is.All.EqualTo(FrameLimits.ItemsMax));
    }

    [Test]
    public async Task Many_at_once_are_all_confirmed()
    {
        _broker.ConfirmAll();
        var publishers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
                await _publisher.PublishAsync(Items((i % 7) + 1), CancellationToken.None);
        }));
        await Task.WhenAll(publishers).WaitAsync(Eventually.Patience);

        Assert.That(_broker.Sent.Sum(frame => frame.Items.Count), Is.EqualTo(8 * Enumerable.Range(0, 200).Sum(i => (i % 7) + 1)));
    }

    [Test]
    public async Task What_waits_while_confirms_are_outstanding_travels_together_and_in_order()
    {
        var early = await FillTheWindowAsync();
        var items = Items(100);
        var late = _publisher.PublishAsync(items, CancellationToken.None);
        _broker.ConfirmAll();
        await Task.WhenAll([.. early, late]);

        var frames = _broker.Sent.Skip(FramePublisher<PushExpired>.FramesInFlightMax).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(frames.SelectMany(frame => frame.Items).Select(item => item.PushId), Is.EquivalentTo(items.Select(item => item.PushId)));
            Assert.That(frames, Has.Count.EqualTo(2), "A hundred items that waited need two frames of at most 64.");
            Assert.That(frames.Max(frame => frame.Items.Count), Is.EqualTo(FrameLimits.ItemsMax));
        });
    }

    [Test]
    public async Task While_one_frame_is_being_confirmed_a_few_items_wait_for_company()
    {
        var first = _publisher.PublishAsync(Item(), CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => _broker.Sent.Count == 1);
        var few = Enumerable.Range(0, (FrameLimits.ItemsMax / 8) - 1).Select(_ => _publisher.PublishAsync(Item(), CancellationToken.None)).ToList();
        Assert.That(_broker.Sent, Has.Count.EqualTo(1));

        var enough = _publisher.PublishAsync(Item(), CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => _broker.Sent.Count == 2);
        _broker.ConfirmAll();
        await Task.WhenAll([first, .. few, enough]);

        Assert.That(_broker.Sent.ElementAt(1).Items, Has.Count.EqualTo(FrameLimits.ItemsMax / 8));
    }

    [Test]
    public async Task What_waited_for_company_leaves_when_the_frame_before_it_is_confirmed()
    {
        var first = _publisher.PublishAsync(Item(), CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => _broker.Sent.Count == 1);
        var second = _publisher.PublishAsync(Item(), CancellationToken.None);

        _broker.ConfirmAll();

        await Task.WhenAll(first, second).WaitAsync(Eventually.Patience);
        Assert.That(_broker.Sent, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_frame_is_full_by_weight_too()
    {
        var early = await FillTheWindowAsync();
        _weight = FrameLimits.BytesMax / 2;
        var late = _publisher.PublishAsync(Items(6), CancellationToken.None);
        _broker.ConfirmAll();
        await Task.WhenAll([.. early, late]);

        Assert.That(_broker.Sent.Skip(FramePublisher<PushExpired>.FramesInFlightMax).Select(frame => frame.Items.Count), Is.All.EqualTo(2));
    }

    [Test]
    public async Task A_publisher_that_waits_for_confirms_makes_its_callers_wait()
    {
        var taken = 0;
        var publishing = _publisher.PublishAsync(Endless(), CancellationToken.None);

        IEnumerable<PushExpired> Endless()
        {
            while (true)
            {
                Interlocked.Increment(ref taken);
                yield return Item();
            }
        }

        const int Held = FramePublisher<PushExpired>.WaitingMax + (FramePublisher<PushExpired>.FramesInFlightMax * FrameLimits.ItemsMax);
        await Eventually.BecomesTrueAsync(() => Volatile.Read(ref taken) > FramePublisher<PushExpired>.WaitingMax);
        Assert.Multiple(() =>
        {
            Assert.That(publishing.IsCompleted, Is.False);
            // One more is in the caller's own hand.
            Assert.That(Volatile.Read(ref taken), Is.LessThanOrEqualTo(Held + 1));
        });
        await _publisher.DisposeAsync();
        Assert.That(async () => await publishing, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_frame_that_was_not_confirmed_is_sent_again()
    {
        _broker.FailNext(2);
        _broker.ConfirmAll();

        await _publisher.PublishAsync(Item(), CancellationToken.None);

        Assert.That(_broker.Sent, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_cannot_be_written_fails_its_publisher_and_nobody_else()
    {
        _broker.ConfirmAll();
        await using var publisher = new FramePublisher<Unwritable>((_, _) => Task.CompletedTask, "held", _ => 1, TimeProvider.System, NullLogger.Instance);

        for (var i = 0; i < 2 * FramePublisher<PushExpired>.FramesInFlightMax; i++)
            Assert.That(async () => await publisher.PublishAsync(new Unwritable { Broken = true }, CancellationToken.None), Throws.InvalidOperationException);
        await publisher.PublishAsync(new Unwritable(), CancellationToken.None).WaitAsync(Eventually.Patience);
    }

    [Test]
    public async Task Nothing_to_publish_is_published_at_once()
    {
        await _publisher.PublishAsync([], CancellationToken.None);

        Assert.That(_broker.Sent, Is.Empty);
    }

    [Test]
    public async Task Items_whose_caller_gave_up_are_not_sent_later()
    {
        var early = await FillTheWindowAsync();
        using var impatient = new CancellationTokenSource();
        var given = _publisher.PublishAsync(Items(3), impatient.Token);
        await impatient.CancelAsync();
        Assert.That(async () => await given, Throws.InstanceOf<OperationCanceledException>());

        var kept = Item();
        var late = _publisher.PublishAsync(kept, CancellationToken.None);
        _broker.ConfirmAll();
        await Task.WhenAll([.. early, late]);

        Assert.That(_broker.Sent.Skip(FramePublisher<PushExpired>.FramesInFlightMax).SelectMany(frame => frame.Items), Is.EqualTo([kept]));
    }

    [Test]
    public async Task Disposal_cancels_what_is_unconfirmed_and_whoever_comes_later()
    {
        var early = await FillTheWindowAsync();
        var waiting = _publisher.PublishAsync(Items(10), CancellationToken.None);

        await _publisher.DisposeAsync();
        await _publisher.DisposeAsync();

        Assert.Multiple(() =>
        {
            foreach (var publishing in (Task[])[.. early, waiting, _publisher.PublishAsync(Item(), CancellationToken.None)])
                Assert.That(async () => await publishing, Throws.InstanceOf<OperationCanceledException>());
        });
    }

    private static PushExpired Item() => new() { PushId = Guid.NewGuid(), Provider = Provider.Apns, ExpiresAt = DateTimeOffset.UnixEpoch };

    private static List<PushExpired> Items(int count) => [.. Enumerable.Range(0, count).Select(_ => Item())];

    private async Task<List<Task>> FillTheWindowAsync()
    {
        var early = new List<Task>();
        for (var i = 1; i <= FramePublisher<PushExpired>.FramesInFlightMax; i++)
        {
            // Beside others only a frame of many leaves.
            early.Add(_publisher.PublishAsync(Items(i == 1 ? 1 : FrameLimits.ItemsMax / 2), CancellationToken.None));
            var frames = i;
            await Eventually.BecomesTrueAsync(() => _broker.Sent.Count == frames);
        }

        return early;
    }

    private sealed class Unwritable
    {
        public bool Broken { get; init; }

        public int Value => Broken ? throw new InvalidOperationException("unwritable") : 1;
    }
}
