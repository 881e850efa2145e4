using System.Globalization;
using Sotto.FakeProvider;

namespace Sotto.SenderKit;

/// <content>What becomes of pushes when the provider or the network fails, or refuses.</content>
public abstract partial class SenderCompliance
{
    [TestCase(FaultKind.Empty)]
    [TestCase(FaultKind.Html)]
    [TestCase(FaultKind.Garbage)]
    [TestCase(FaultKind.Cut)]
    [TestCase(FaultKind.Close)]
    [TestCase(FaultKind.Reset)]
    public async Task A_failing_answer_is_tried_again_after_a_rest_in_the_broker(FaultKind kind)
    {
        // Only one rung, so that even Apple's quarter of an hour is a second.
        _sender.Settings["Delivery:ParkingSeconds"] = "1";
        // Of an answer that was cut, the status may have come through.
        int[] attempts = (StatusSaysAll, kind) switch
        {
            (true, FaultKind.Garbage) => [1],
            (true, FaultKind.Cut) => [1, 2],
            _ => [2],
        };
        _simulator.Faults.Add(new Fault { Kind = kind, Path = SendPath });
        await _sender.RunAsync();
        var push = Push();

        await _sender.Bus.PushAsync(push);

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Any(report => report.PushId == push.PushId), what: "it was reported");
        Assert.That(attempts, Does.Contain(SendsReceived));
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task A_provider_whose_certificate_has_expired_is_told_nothing()
    {
        _sender.Settings["Delivery:ParkingSeconds"] = "1";
        _simulator.Faults.Add(new Fault { Kind = FaultKind.ExpiredCertificate });
        await _sender.RunAsync();
        var push = Push();

        await _sender.Bus.PushAsync(push);

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Any(report => report.PushId == push.PushId), what: "it went when the certificate was good again");
        Assert.That(SendsReceived, Is.EqualTo(1));
        Assert.That(_simulator.Faults.Count, Is.Zero, "the expired one was shown");
        await NothingIsLeftAsync();
    }

    [TestCase(null, null)]
    [TestCase("300", null)]
    [TestCase("3600", null)]
    [TestCase(null, 300)]
    public async Task An_overloaded_provider_is_given_the_time_that_it_asks_for(string? seconds, int? dateSeconds)
    {
        var asked = seconds ?? dateSeconds?.ToString(CultureInfo.InvariantCulture);
        _sender.Settings["Delivery:ParkingSeconds"] = asked is null ? "1" : $"1,{asked}";
        _simulator.Faults.Add(Overload with { RetryAfter = seconds, RetryAfterDateSeconds = dateSeconds });
        await _sender.RunAsync();

        await _sender.Bus.PushAsync(Push());

        if (asked is not null)
            await Eventually.BecomesTrueAsync(async () => await _sender.Queues.ReadyAsync($"push.{ProviderName}.park.{asked}s") == 1, what: "it waited for as long as was asked");
        else
            await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        Assert.That(_sender.Bus.DeadLettered, Is.Empty);
        Assert.That(_sender.Bus.Invalidated, Is.Empty);
    }

    [TestCase(FaultKind.Delay)]
    [TestCase(FaultKind.Drip)]
    public async Task A_slow_answer_is_waited_for(FaultKind kind)
    {
        _simulator.Faults.Add(new Fault { Kind = kind, Path = SendPath, DelayMs = kind == FaultKind.Delay ? 1000 : 50 });
        await _sender.RunAsync();
        var push = Push();

        await _sender.Bus.PushAsync(push);

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Any(report => report.PushId == push.PushId && report.Attempts == 1), what: "it was reported");
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task A_refused_push_is_a_dead_letter_and_the_next_one_goes()
    {
        _simulator.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 400, Body = "", Path = SendPath });
        await _sender.RunAsync();
        var refused = Push();

        await _sender.Bus.PushAsync(refused);
        await Eventually.BecomesTrueAsync(() => _sender.Bus.DeadLettered.Any(letter => letter.PushId == refused.PushId && letter.Outcome == "PAYLOAD_BAD"), what: "it was a dead letter");
        await _sender.Bus.PushAsync(Push());

        await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        Assert.That(_sender.Bus.Invalidated, Is.Empty);
        await NothingIsLeftAsync(deadLetters: 1);
    }

    [Test]
    public async Task A_push_that_is_given_up_tells_of_each_attempt()
    {
        _sender.Settings["Delivery:ParkingSeconds"] = "1";
        _simulator.Faults.Add(
            new Fault { Kind = FaultKind.Answer, Status = 500, Body = "", Path = SendPath }, new Fault { Kind = FaultKind.Answer, Status = 400, Body = "", Path = SendPath });
        await _sender.RunAsync();
        var push = Push();

        await _sender.Bus.PushAsync(push);

        await Eventually.BecomesTrueAsync(() => !_sender.Bus.DeadLettered.IsEmpty, what: "it was given up");
        var letter = _sender.Bus.DeadLettered.Single();
        Assert.That(letter.Attempts, Is.EqualTo(2));
        Assert.That(letter.History.Select(attempt => attempt.Outcome), Is.EqualTo(new[] { "RETRY_LATER", "PAYLOAD_BAD" }));
        Assert.That(letter.History.Select(attempt => attempt.At), Is.Ordered.And.All.InRange(push.HeardAt, letter.DeadLetteredAt));
        Assert.That(letter.Push.Payload, Is.EqualTo(push.Payload));
    }

    [Test]
    public async Task A_lost_answer_may_repeat_a_push_and_never_loses_it()
    {
        _sender.Settings["Delivery:ParkingSeconds"] = "1";
        _simulator.Faults.Add(new Fault { Kind = FaultKind.LostAnswer, Path = SendPath });
        await _sender.RunAsync();

        await _sender.Bus.PushAsync(Push());

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Count == 1, what: "it was reported");
        Assert.That(_simulator.Ledger.Summarise().Distinct, Is.EqualTo(1));
    }

    [Test]
    public async Task A_silent_provider_is_not_waited_for_for_ever()
    {
        _sender.Settings["Delivery:ParkingSeconds"] = "1";
        _sender.Settings[$"{Section}:RequestTimeoutSeconds"] = "1";
        _simulator.Faults.Add(new Fault { Kind = FaultKind.Forever, Path = SendPath });
        await _sender.RunAsync();

        await _sender.Bus.PushAsync(Push());

        await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Count == 1, what: "it was reported");
    }

    [Test]
    public async Task Refused_credentials_keep_every_push_until_they_are_mended()
    {
        // Pauses from the first second on are long ones, so that the endpoint is stopped and started.
        _sender.Settings["Delivery:HoldSeconds"] = "0";
        _sender.Settings["Delivery:ParkingSeconds"] = "1,5,15";
        var mend = BreakCredentials();
        await _sender.RunAsync();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 200).Select(_ => Push())];

        await _sender.Bus.PushAsync(pushes);
        if (CredentialsAreForAll)
            await Eventually.BecomesTrueAsync(async () => await _sender.Queues.ConsumersAsync(Provider.PushQueue(ProviderName)) == 0, what: "no more was taken from the queue");
        else
            await Eventually.BecomesTrueAsync(() => SendsReceived > 0, what: "the refusal was heard");
        Assert.That(await _sender.HealthAsync(), Is.Not.EqualTo("Unhealthy"), "an alarm is not a reason to replace the instance");
        mend();

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == pushes.Length, TimeSpan.FromSeconds(90), "all were taken");
        Assert.That(_sender.Bus.DeadLettered, Is.Empty);
        Assert.That(_sender.Bus.Expired, Is.Empty);
        await NothingIsLeftAsync();
        Assert.That(await _sender.Queues.ReadyAsync("poison"), Is.Zero, "pausing does not count against a frame");
    }

    [Test]
    public async Task A_provider_that_is_out_is_left_alone_and_gets_all_when_it_is_back()
    {
        _sender.Settings["Delivery:ParkingSeconds"] = "1,5,15";
        _sender.Settings["Delivery:OutageAttempts"] = "5";
        _simulator.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 500, Path = SendPath, Count = 0, ForMs = 4000 });
        await _sender.RunAsync();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 300).Select(_ => Push())];

        await _sender.Bus.PushAsync(pushes);

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == pushes.Length, TimeSpan.FromSeconds(90), "all were taken");
        Assert.That(_sender.Bus.DeadLettered, Is.Empty);
        await NothingIsLeftAsync();
    }

    [Test]
    public async Task A_push_in_the_providers_hands_when_the_broker_ends_the_connection_rings_once()
    {
        await using var wire = new TcpProxy(_sender.Broker.Amqp.Host, _sender.Broker.Amqp.Port);
        _sender.Settings["ConnectionStrings:RabbitMq"] = new UriBuilder(_sender.Broker.Amqp) { Port = wire.Port }.Uri.ToString();
        // Taken at once, and answered byte by byte.
        _simulator.Faults.Add(new Fault { Kind = FaultKind.Drip, Path = SendPath, DelayMs = AnswersHaveBodies ? 50 : 3_000 });
        await _sender.RunAsync();
        var push = Push();
        await _sender.Bus.PushAsync(push);
        await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);

        wire.Cut();
        wire.Mend();

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Any(report => report.PushId == push.PushId), TimeSpan.FromSeconds(60), "it was reported");
        await NothingIsLeftAsync();
        Assert.That(_simulator.Ledger.Accepted, Is.EqualTo(1));
    }
}
