using Sotto.Delivery;

namespace Senders.Tests.Delivery;

public sealed class RecentPushesTests
{
    private readonly ManualTimeProvider _clock = new();

    [Test]
    public async Task A_taken_push_is_known_for_ten_minutes()
    {
        var recent = new RecentPushes(_clock);
        var push = Guid.NewGuid();
        Assert.That(await recent.BeginAsync(push, Guid.NewGuid(), CancellationToken.None));
        recent.End(push, PushEnd.Taken);

        Assert.That(await recent.BeginAsync(push, Guid.NewGuid(), CancellationToken.None), Is.False);
        _clock.Advance(RecentPushes.MemoryMax + TimeSpan.FromSeconds(1));
        Assert.That(await recent.BeginAsync(push, Guid.NewGuid(), CancellationToken.None));
    }

    [Test]
    public async Task A_parked_push_may_come_again()
    {
        var recent = new RecentPushes(_clock);
        var push = Guid.NewGuid();
        await recent.BeginAsync(push, Guid.NewGuid(), CancellationToken.None);
        recent.End(push, PushEnd.Moved);

        Assert.That(await recent.BeginAsync(push, Guid.NewGuid(), CancellationToken.None));
    }

    [TestCase(PushEnd.Moved)]
    [TestCase(PushEnd.Ended)]
    public async Task What_became_of_a_push_in_a_frame_is_known_when_the_broker_delivers_that_frame_again(PushEnd end)
    {
        var recent = new RecentPushes(_clock);
        var (push, frame) = (Guid.NewGuid(), Guid.NewGuid());
        await recent.BeginAsync(push, frame, CancellationToken.None);
        recent.End(push, end);
        // It waited elsewhere, came in another frame, and was moved again.
        var next = Guid.NewGuid();
        Assert.That(await recent.BeginAsync(push, next, CancellationToken.None));
        recent.End(push, end);

        Assert.That(await recent.BeginAsync(push, frame, CancellationToken.None), Is.False);
        Assert.That(await recent.BeginAsync(push, next, CancellationToken.None), Is.False);
        _clock.Advance(RecentPushes.MemoryMax + TimeSpan.FromSeconds(1));
        Assert.That(await recent.BeginAsync(push, frame, CancellationToken.None));
    }

    [TestCase(PushEnd.Taken, true, false)]
    [TestCase(PushEnd.Taken, false, false)]
    [TestCase(PushEnd.Moved, true, false)]
    [TestCase(PushEnd.Moved, false, true)]
    [TestCase(PushEnd.Ended, true, false)]
    [TestCase(PushEnd.Ended, false, true)]
    [TestCase(PushEnd.Unsettled, true, true)]
    [TestCase(PushEnd.Unsettled, false, true)]
    public async Task Who_comes_while_a_push_is_in_hand_waits_for_what_becomes_of_it(PushEnd end, bool isSameFrame, bool mustTry)
    {
        var recent = new RecentPushes(_clock);
        var (push, frame) = (Guid.NewGuid(), Guid.NewGuid());
        await recent.BeginAsync(push, frame, CancellationToken.None);
        var second = recent.BeginAsync(push, isSameFrame ? frame : Guid.NewGuid(), CancellationToken.None).AsTask();
        Assert.That(second.IsCompleted, Is.False);

        recent.End(push, end);

        Assert.That(await second.WaitAsync(Eventually.Patience), Is.EqualTo(mustTry));
    }

    [Test]
    public async Task Frames_that_nobody_named_are_not_the_same()
    {
        var recent = new RecentPushes(_clock);
        var push = Guid.NewGuid();
        await recent.BeginAsync(push, Guid.Empty, CancellationToken.None);
        var second = recent.BeginAsync(push, Guid.Empty, CancellationToken.None).AsTask();

        recent.End(push, PushEnd.Moved);

        Assert.That(await second.WaitAsync(Eventually.Patience), Is.True);
    }

    [Test]
    public async Task The_oldest_are_forgotten_first()
    {
        var recent = new RecentPushes(_clock);
        var first = Guid.NewGuid();
        var last = Guid.Empty;
        foreach (var push in Enumerable.Repeat(first, 1).Concat(Enumerable.Range(0, RecentPushes.CountMax).Select(_ => last = Guid.NewGuid())))
        {
            await recent.BeginAsync(push, Guid.NewGuid(), CancellationToken.None);
            recent.End(push, PushEnd.Taken);
        }

        Assert.That(await recent.BeginAsync(first, Guid.NewGuid(), CancellationToken.None));
        Assert.That(await recent.BeginAsync(last, Guid.NewGuid(), CancellationToken.None), Is.False);
    }
}
