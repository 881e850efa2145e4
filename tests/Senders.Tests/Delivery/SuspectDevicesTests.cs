using Senders.Tests.Harness;
using Sotto.Delivery;

namespace Senders.Tests.Delivery;

public sealed class SuspectDevicesTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SuspectDevices _suspects = new(Wait, startedAt: Now - (2 * Wait));
    private readonly EncryptedPush _push = SenderUnderTest.Push(Provider.Apns, "token");

    [Test]
    public void The_first_doubtful_answer_is_not_believed_and_the_second_is()
    {
        Assert.That(_suspects.Suspect(_push, Now), Is.EqualTo((Wait, Now)));
        Assert.That(_suspects.Suspect(_push, Now + (Wait / 2)), Is.EqualTo((Wait, Now)), "too soon");
        Assert.That(_suspects.Suspect(_push, Now + Wait), Is.Null);
    }

    [Test]
    public void An_instance_that_has_not_heard_the_first_one_takes_the_push_at_its_word()
    {
        Assert.That(_suspects.Suspect(_push with { SuspectedAt = Now - Wait }, Now), Is.Null);
    }

    [Test]
    public void An_instance_that_began_after_the_first_answer_asks_once_more_and_believes_the_next()
    {
        var suspected = _push with { SuspectedAt = Now - Wait };
        var begun = new SuspectDevices(Wait, startedAt: Now - (Wait / 2));

        Assert.That(begun.Suspect(suspected, Now), Is.EqualTo((Wait, Now)), "its guard has not seen how many others it was said of");
        Assert.That(begun.Suspect(suspected, Now + Wait), Is.Null);
    }

    [Test]
    public void A_device_that_was_reached_is_no_longer_suspected()
    {
        _suspects.Suspect(_push, Now);
        _suspects.Clear(_push.DeviceId);

        Assert.That(_suspects.Suspect(_push, Now + Wait), Is.EqualTo((Wait, Now + Wait)));
    }

    [Test]
    public void What_is_long_ago_does_not_count()
    {
        _suspects.Suspect(_push, Now);

        Assert.That(_suspects.Suspect(_push, Now.AddDays(1)), Is.EqualTo((Wait, Now.AddDays(1))));
    }

    [Test]
    public void Who_does_not_want_to_ask_again_believes_at_once() => Assert.That(new SuspectDevices(TimeSpan.Zero, Now).Suspect(_push, Now), Is.Null);
}
