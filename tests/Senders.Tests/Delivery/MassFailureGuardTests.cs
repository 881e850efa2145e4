using Sotto.Delivery;

namespace Senders.Tests.Delivery;

public sealed class MassFailureGuardTests
{
    private static readonly DeliveryOutcome Doubtful = new DeliveryOutcome.TokenDead("BadDeviceToken", LooksLikeOurs: true);
    private static readonly DeliveryOutcome Sure = new DeliveryOutcome.TokenDead("Unregistered");
    private static readonly DeliveryOutcome Taken = new DeliveryOutcome.Delivered();

    private readonly ManualTimeProvider _clock = new();

    [Test]
    public void A_few_dead_tokens_among_many_are_believed()
    {
        var guard = new MassFailureGuard(_clock);
        Feed(guard, Taken, 100);

        Assert.That(Enumerable.Range(0, 20).Select(_ => guard.Allows(Doubtful)), Is.All.True);
    }

    [Test]
    public void More_than_a_fifth_is_doubted_from_fifty_results_on()
    {
        var guard = new MassFailureGuard(_clock);

        Assert.That(Enumerable.Range(0, 49).Select(_ => guard.Allows(Doubtful)), Is.All.True, "so few say nothing");
        Assert.That(guard.Allows(Doubtful), Is.False);
        Assert.That(guard.IsTripped);
    }

    [Test]
    public void Deaths_that_no_setting_can_cause_are_always_believed_and_counted()
    {
        var guard = new MassFailureGuard(_clock);
        Feed(guard, Doubtful, 60);

        Assert.That(guard.Allows(Sure));
        Feed(guard, Sure, 250);
        Assert.That(guard.IsTripped, Is.False, "60 of 311 are less than a fifth");
    }

    [Test]
    public void What_is_older_than_the_window_is_forgotten()
    {
        var guard = new MassFailureGuard(_clock);
        Feed(guard, Doubtful, 60);
        Assert.That(guard.IsTripped);

        _clock.Advance(MassFailureGuard.Window + TimeSpan.FromSeconds(11));

        Assert.That(guard.IsTripped, Is.False);
        Assert.That(guard.Allows(Doubtful));
    }

    [Test]
    public void Nothing_but_a_dead_token_retires_one()
    {
        var guard = new MassFailureGuard(_clock);

        Assert.That(guard.Allows(Taken), Is.False);
        Assert.That(guard.Allows(new DeliveryOutcome.PayloadBad("")), Is.False);
        Assert.That(guard.Allows(new DeliveryOutcome.CredentialBad("")), Is.False);
    }

    private static void Feed(MassFailureGuard guard, DeliveryOutcome outcome, int count)
    {
        for (var i = 0; i < count; i++)
            guard.Allows(outcome);
    }
}
