using Sotto.FakeProvider;

namespace Sotto.SenderKit;

/// <content>What becomes of pushes when all is well.</content>
public abstract partial class SenderCompliance
{
    [Test]
    public async Task A_push_is_taken_by_the_provider_and_reported()
    {
        await _sender.RunAsync();
        var push = Push();

        await _sender.Bus.PushAsync(push);

        await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Any(report => report.PushId == push.PushId && report.Attempts == 1), what: "it was reported");
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task The_longest_envelopes_are_taken()
    {
        await _sender.RunAsync();
        // Of random bytes, so that no character is missing whose escape might take more room.
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 20).Select(_ => SenderUnderTest.Push(ProviderName, NewDevice(), payloadBytes: EnvelopeBytesMax))];

        await _sender.Bus.PushAsync(pushes);

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Count + _sender.Bus.DeadLettered.Count == pushes.Length, what: "each was reported");
        Assert.That(_sender.Bus.DeadLettered.Select(letter => letter.Reason), Is.Empty);
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task A_push_waits_for_a_sender_that_runs_later()
    {
        await _sender.DeclarePushQueueAsync(ProviderName);
        await _sender.Bus.PushAsync(Push(), Push());
        Assert.That(await _sender.Queues.ReadyAsync(Provider.PushQueue(ProviderName)), Is.EqualTo(1), "a frame of two");

        await _sender.RunAsync();

        await _simulator.Ledger.WaitForAcceptedAsync(2, Eventually.Patience);
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task A_dead_token_is_retired_and_its_push_is_a_dead_letter()
    {
        await _sender.RunAsync();
        var device = NewDevice();
        _simulator.Tokens.Set(device.ProviderToken, TokenState.Unregistered, DeathOf);
        var before = TimeProvider.System.GetUtcNow();
        var push = SenderUnderTest.Push(ProviderName, device);

        await _sender.Bus.PushAsync(push, Push());

        await Eventually.BecomesTrueAsync(() => !_sender.Bus.Invalidated.IsEmpty && !_sender.Bus.DeadLettered.IsEmpty, what: "it was reported");
        var invalidated = _sender.Bus.Invalidated.Single();
        Assert.That(invalidated.Provider, Is.EqualTo(ProviderName));
        Assert.That(invalidated.DeviceId, Is.EqualTo(push.DeviceId));
        if (TellsTimeOfDeath)
            Assert.That(invalidated.InvalidSince, Is.EqualTo(DeathOf));
        else
            Assert.That(invalidated.InvalidSince, Is.InRange(before, TimeProvider.System.GetUtcNow()));
        var letter = _sender.Bus.DeadLettered.Single();
        Assert.That(letter.Outcome, Is.EqualTo("TOKEN_DEAD"));
        Assert.That(letter.Reason, Is.EqualTo(invalidated.Reason));
        await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        await NothingIsLeftAsync(deadLetters: 1);
    }

    [Test]
    public async Task An_expired_push_is_dropped_and_reported_and_never_sent()
    {
        await _sender.RunAsync();
        var push = SenderUnderTest.Push(ProviderName, NewDevice(), life: TimeSpan.FromSeconds(-1));

        await _sender.Bus.PushAsync(push);

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Expired.Any(report => report.PushId == push.PushId), what: "it was reported");
        Assert.That(_simulator.Ledger.Summarise().Requests, Is.Zero);
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task A_push_that_cannot_be_retried_before_it_expires_is_reported_as_expired()
    {
        _sender.Settings["Delivery:ParkingSeconds"] = "60";
        _simulator.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 500, Path = SendPath, Count = 0 });
        await _sender.RunAsync();
        var push = SenderUnderTest.Push(ProviderName, NewDevice(), life: TimeSpan.FromSeconds(30));

        await _sender.Bus.PushAsync(push);

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Expired.Any(report => report.PushId == push.PushId), what: "it was reported");
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task One_bad_push_does_not_hold_up_its_neighbours()
    {
        await _sender.RunAsync();
        var tooBig = SenderUnderTest.Push(ProviderName, NewDevice(), payloadBytes: EnvelopeBytesTooMany);
        var sealedToNobody = Push() with { SealedDeviceToken = new byte[80] };
        var forOthers = Push() with { Provider = "nobody" };

        await _sender.Bus.PushFrameAsync(ProviderName, tooBig, sealedToNobody, forOthers, Push(), null, Push());

        await _simulator.Ledger.WaitForAcceptedAsync(2, Eventually.Patience);
        await Eventually.BecomesTrueAsync(() => _sender.Bus.DeadLettered.Count == 2, what: "two were reported as dead letters");
        Assert.That(_sender.Bus.DeadLettered.Select(letter => letter.Outcome), Is.All.EqualTo("PAYLOAD_BAD"));
        Assert.That(_sender.Bus.DeadLettered.Single(letter => letter.PushId == tooBig.PushId).Push.Payload, Is.EqualTo(tooBig.Payload), "it can be replayed");
        await Eventually.BecomesTrueAsync(async () => await _sender.Queues.ReadyAsync("poison") == 2, what: "two were set aside as poison");
        await NothingIsLeftAsync(deadLetters: 2);
    }

    [Test]
    public async Task Frames_in_hand_when_a_sender_stops_are_not_lost()
    {
        await _sender.RunAsync();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 500).Select(_ => Push())];
        await _sender.Bus.PushAsync(pushes);
        await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);

        await _sender.StopAsync();
        await _sender.RunAsync();

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == pushes.Length, TimeSpan.FromSeconds(60), "all were taken");
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task A_frame_that_comes_twice_rings_once()
    {
        await _sender.RunAsync();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 20).Select(_ => Push())];

        await _sender.Bus.PushAsync(pushes);
        await _sender.Bus.PushAsync(pushes);

        await _simulator.Ledger.WaitForAcceptedAsync(pushes.Length, Eventually.Patience);
        await NothingIsLeftAsync();
        Assert.That(_simulator.Ledger.Accepted, Is.EqualTo(pushes.Length));
    }
}
