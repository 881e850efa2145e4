using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeProvider;

namespace Senders.Tests;

/// <summary>What every sender must do alike, whatever its provider. Each sender's tests inherit it.</summary>
public abstract class SenderCompliance
{
    private ProviderSimulator _simulator = null!;
    private SenderUnderTest _sender = null!;

    /// <summary>The provider's name on the bus.</summary>
    protected abstract string ProviderName { get; }

    protected ProviderSimulator Simulator => _simulator;

    internal SenderUnderTest Sender => _sender;

    [SetUp]
    public async Task PrepareAsync()
    {
        _simulator = await StartSimulatorAsync();
        _sender = await SenderUnderTest.PrepareAsync(Build);
        Configure(_sender);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _sender.DisposeAsync();
        await _simulator.DisposeAsync();
    }

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
        var token = NewToken();
        _simulator.Tokens.Set(token, TokenState.Unregistered, DeathOf);
        var before = TimeProvider.System.GetUtcNow();
        var push = SenderUnderTest.Push(ProviderName, token);

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
        var push = SenderUnderTest.Push(ProviderName, NewToken(), life: TimeSpan.FromSeconds(-1));

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
        var push = SenderUnderTest.Push(ProviderName, NewToken(), life: TimeSpan.FromSeconds(30));

        await _sender.Bus.PushAsync(push);

        await Eventually.BecomesTrueAsync(() => _sender.Bus.Expired.Any(report => report.PushId == push.PushId), what: "it was reported");
        await NothingIsLeftAsync();
    }

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
        _simulator.Faults.Add(new Fault { Kind = kind, Path = SendPath });
        await _sender.RunAsync();
        var push = Push();

        await _sender.Bus.PushAsync(push);

        await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        await Eventually.BecomesTrueAsync(() => _sender.Bus.Accepted.Any(report => report.PushId == push.PushId), what: "it was reported");
        Assert.That(_simulator.Ledger.Received.Count(request => request.Path.Contains(SendPath, StringComparison.Ordinal)), Is.EqualTo(2));
        await NothingIsLeftAsync();
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
    public async Task One_bad_push_does_not_hold_up_its_neighbours()
    {
        await _sender.RunAsync();
        var tooBig = SenderUnderTest.Push(ProviderName, NewToken(), payloadBytes: 4000);
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
    public async Task Refused_credentials_keep_every_push_until_they_are_mended()
    {
        // Pauses from the first second on are long ones, so that the endpoint is stopped and started.
        _sender.Settings["Delivery:HoldSeconds"] = "0";
        _sender.Settings["Delivery:ParkingSeconds"] = "1,5,15";
        var mend = BreakCredentials();
        await _sender.RunAsync();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 200).Select(_ => Push())];

        await _sender.Bus.PushAsync(pushes);
        await Eventually.BecomesTrueAsync(async () => await _sender.Queues.ConsumersAsync(Provider.PushQueue(ProviderName)) == 0, what: "no more was taken from the queue");
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

    [Test]
    public async Task A_push_in_the_providers_hands_when_the_broker_ends_the_connection_rings_once()
    {
        await using var wire = new TcpProxy(_sender.Broker.Amqp.Host, _sender.Broker.Amqp.Port);
        _sender.Settings["ConnectionStrings:RabbitMq"] = new UriBuilder(_sender.Broker.Amqp) { Port = wire.Port }.Uri.ToString();
        // Taken at once, and answered byte by byte; Apple's answer has none.
        _simulator.Faults.Add(new Fault { Kind = FaultKind.Drip, Path = SendPath, DelayMs = ProviderName.StartsWith("apns", StringComparison.Ordinal) ? 3_000 : 50 });
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

    [Test]
    public async Task A_device_is_recognised_and_its_token_sealed_when_a_client_subscribes()
    {
        await _sender.RunAsync();
        var token = NewToken();

        var answer = await _sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo($$"""{"token":"{{token}}","more":1}"""));

        Assert.That(answer.ErrorCode, Is.Zero, answer.ErrorMessage);
        Assert.That(answer.DeviceId, Is.EqualTo(SenderUnderTest.DeviceId(token)));
        await _sender.Bus.PushAsync(Push() with { DeviceId = answer.DeviceId!, SealedDeviceToken = answer.SealedDeviceToken! });
        Assert.That((await _simulator.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0].Tokens, Is.EqualTo(new[] { token }));
    }

    [TestCase("{}", 1)]
    [TestCase("[]", 4)]
    [TestCase("null", 4)]
    [TestCase("\"token\"", 4)]
    [TestCase("{\"token\":null}", 4)]
    [TestCase("{\"token\":7}", 4)]
    [TestCase("{\"token\":\"\"}", 4)]
    [TestCase("{\"token\":\"too short\"}", 4)]
    [TestCase("{\"token\":\"\\ud800\"}", 4)]
    [TestCase("not json", 4)]
    public async Task A_wrong_service_info_is_refused_with_its_code(string serviceInfo, int code)
    {
        await _sender.RunAsync();

        var answer = await _sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo(serviceInfo));

        Assert.That(answer.ErrorCode, Is.EqualTo(code));
        Assert.That(answer.ErrorMessage, code == 1 ? Is.EqualTo("Error: missing required key 'token'") : Is.Not.Empty);
        Assert.That(answer.DeviceId, Is.Null);
        Assert.That(answer.SealedDeviceToken, Is.Null);
    }

    [Test]
    public async Task What_is_sealed_to_others_is_refused()
    {
        await _sender.RunAsync();

        var answer = await _sender.Bus.AskAsync(ProviderName, new byte[100]);

        Assert.That(answer.ErrorCode, Is.EqualTo(4));
    }

    [Test]
    public async Task Questions_find_nobody_when_no_sender_runs()
    {
        await _sender.RunAsync();
        Assert.That(await _sender.Queues.QueuesAsync(), Does.Contain(Provider.ValidationQueue(ProviderName)));

        await _sender.StopAsync();

        await Eventually.BecomesTrueAsync(async () => !(await _sender.Queues.QueuesAsync()).Contains(Provider.ValidationQueue(ProviderName)), what: "the queue was gone");
    }

    protected static DateTimeOffset DeathOf { get; } = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    protected EncryptedPush Push() => SenderUnderTest.Push(ProviderName, NewToken());

    /// <summary>The section of the sender's settings.</summary>
    protected abstract string Section { get; }

    /// <summary>A part of the path of send requests that token requests do not have.</summary>
    protected abstract string SendPath { get; }

    /// <summary>Whether the provider says when a token died.</summary>
    protected virtual bool TellsTimeOfDeath => false;

    protected abstract string NewToken();

    protected abstract Task<ProviderSimulator> StartSimulatorAsync();

    protected abstract WebApplication Build(string[] args);

    /// <summary>Makes the provider refuse our credentials; what it gives mends them.</summary>
    protected abstract Action BreakCredentials();

    private protected abstract void Configure(SenderUnderTest sender);

    /// <summary>Every push of the provider's queue has found its end. Stops the sender, so that what it still held is seen.</summary>
    private protected async Task NothingIsLeftAsync(int deadLetters = 0)
    {
        await Eventually.BecomesTrueAsync(async () => await _sender.Queues.ReadyAsync(Provider.PushQueue(ProviderName)) == 0, what: "the queue was empty");
        await _sender.StopAsync();
        Assert.That(await _sender.Queues.ReadyAsync(Provider.PushQueue(ProviderName)), Is.Zero, "nothing came back from the sender");
        Assert.That(await _sender.Queues.CountItemsAsync("dead-letters"), Is.EqualTo(deadLetters));
    }
}
