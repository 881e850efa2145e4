using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Delivery;

namespace Senders.Tests.Delivery;

public sealed class ProviderGateTests
{
    private static readonly DeliveryOutcome Taken = new DeliveryOutcome.Delivered();
    private static readonly DeliveryOutcome Refused = new DeliveryOutcome.CredentialBad("key");
    private static readonly DeliveryOutcome Failed = new DeliveryOutcome.RetryLater("status 500", new RetryPace(TimeSpan.FromSeconds(1)));

    private readonly ManualTimeProvider _clock = new();
    private readonly List<bool> _longPauses = [];

    [Test]
    public async Task No_more_attempts_are_let_through_than_allowed()
    {
        using var gate = Gate(inFlightMax: 2);
        var first = await gate.EnterAsync(CancellationToken.None);
        await gate.EnterAsync(CancellationToken.None);
        var third = gate.EnterAsync(CancellationToken.None).AsTask();
        Assert.That(third.IsCompleted, Is.False);

        gate.Leave(first!.Value, Taken);

        Assert.That(await third.WaitAsync(Eventually.Patience), Is.Not.Null);
        Assert.That(gate.InFlight, Is.EqualTo(2));
    }

    [Test]
    public async Task Who_gives_up_waiting_takes_no_place()
    {
        using var gate = Gate(inFlightMax: 1);
        var pass = await gate.EnterAsync(CancellationToken.None);
        using var patience = new CancellationTokenSource();
        var waiting = gate.EnterAsync(patience.Token).AsTask();

        await patience.CancelAsync();
        gate.Leave(pass!.Value, Taken);

        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(gate.InFlight, Is.Zero);
    }

    [Test]
    public async Task Who_waits_when_the_service_is_told_to_stop_is_sent_away_and_who_is_inside_is_not()
    {
        using var gate = Gate(inFlightMax: 1);
        var inside = await gate.EnterAsync(CancellationToken.None);
        var waiting = gate.EnterAsync(CancellationToken.None).AsTask();

        gate.StopWaiting();

        Assert.That(await waiting.WaitAsync(Eventually.Patience), Is.Null);
        Assert.That(await gate.EnterAsync(CancellationToken.None), Is.Null);
        Assert.That(gate.InFlight, Is.EqualTo(1));
        gate.Leave(inside!.Value, Taken);
        Assert.That(await gate.EnterAsync(CancellationToken.None), Is.Not.Null, "who need not wait may pass");
    }

    [Test]
    public async Task Refused_credentials_close_it_and_a_long_pause_turns_all_away()
    {
        using var gate = Gate();
        var one = await gate.EnterAsync(CancellationToken.None);
        var other = await gate.EnterAsync(CancellationToken.None);

        gate.Leave(one!.Value, Refused);

        Assert.That(gate.Reason, Is.EqualTo(GateReason.Credential));
        Assert.That(gate.PausedFor.TotalSeconds, Is.InRange(15, 30));
        Assert.That(await gate.EnterAsync(CancellationToken.None), Is.Null);
        Assert.That(_longPauses, Is.EqualTo(new[] { true }));
        gate.Leave(other!.Value, Taken);
        Assert.That(gate.Reason, Is.EqualTo(GateReason.Credential), "an answer from before the pause says nothing about it");
    }

    [TestCase(-60)]
    [TestCase(60)]
    public async Task A_clock_that_is_set_makes_a_pause_neither_longer_nor_shorter(int minutes)
    {
        using var gate = Gate();
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Refused);

        _clock.StepWallClock(TimeSpan.FromMinutes(minutes));
        _clock.Advance(TimeSpan.FromSeconds(14));
        Assert.That(gate.PausedFor.TotalSeconds, Is.InRange(1, 16));
        _clock.Advance(TimeSpan.FromSeconds(17));

        Assert.That(gate.PausedFor, Is.EqualTo(TimeSpan.Zero));
        Assert.That(await gate.EnterAsync(CancellationToken.None), Is.Not.Null);
    }

    [Test]
    public async Task That_a_long_pause_is_over_is_told_after_that_it_began()
    {
        using var gate = Gate();
        var told = new ConcurrentQueue<string>();
        Task ending = Task.CompletedTask;
        gate.LongPause = begins =>
        {
            told.Enqueue(begins ? "begins" : "is over");
            if (!begins)
                return;
            // The pause runs out while its beginning is still being told.
            ending = Task.Run(() => _clock.Advance(TimeSpan.FromSeconds(31)));
            ending.Wait(TimeSpan.FromMilliseconds(200));
            told.Enqueue("has begun");
        };

        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Refused);
        await ending.WaitAsync(Eventually.Patience);

        Assert.That(told, Is.EqualTo(new[] { "begins", "has begun", "is over" }));
    }

    [Test]
    public async Task After_a_pause_one_goes_first_and_the_others_follow_more_and_more()
    {
        using var gate = Gate(inFlightMax: 60);
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Refused);

        _clock.Advance(TimeSpan.FromSeconds(31));

        Assert.That(_longPauses, Is.EqualTo(new[] { true, false }));
        var probe = await gate.EnterAsync(CancellationToken.None);
        Assert.That(gate.EnterAsync(CancellationToken.None).AsTask().IsCompleted, Is.False, "only one probes");
        gate.Leave(probe!.Value, Taken);
        Assert.That(gate.Reason, Is.EqualTo(GateReason.None));
        Assert.That(gate.InFlight, Is.EqualTo(1), "the ramp begins with one");
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.That(await CountOpenAsync(gate), Is.InRange(29, 31), "half of the ramp");
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.That(await CountOpenAsync(gate) + 30, Is.InRange(58, 62), "all of it");
    }

    [Test]
    public async Task An_answer_to_what_was_sent_before_the_pause_neither_opens_nor_closes_it()
    {
        using var gate = Gate();
        GatePass[] early = [(await gate.EnterAsync(CancellationToken.None))!.Value, (await gate.EnterAsync(CancellationToken.None))!.Value];
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Refused);
        _clock.Advance(gate.PausedFor);

        gate.Leave(early[0], Taken);
        Assert.That(gate.Reason, Is.EqualTo(GateReason.Credential), "the probe is still to come");
        gate.Leave(early[1], Refused);
        Assert.That(gate.PausedFor, Is.EqualTo(TimeSpan.Zero), "they were refused before the pause, not after it");

        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Taken);
        Assert.That(gate.Reason, Is.EqualTo(GateReason.None));
    }

    [Test]
    public async Task A_probe_that_fails_closes_it_for_longer()
    {
        using var gate = Gate();
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Refused);
        for (var i = 0; i < 8; i++)
        {
            _clock.Advance(gate.PausedFor);
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Refused);
        }

        Assert.That(gate.PausedFor.TotalSeconds, Is.InRange(150, 300), "up to the cap");
    }

    [Test]
    public async Task A_told_wait_is_kept()
    {
        using var gate = Gate();

        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, new DeliveryOutcome.Throttled(ThrottleScope.App, "quota", new RetryPace(TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(120)));

        Assert.That(gate.Reason, Is.EqualTo(GateReason.Throttled));
        Assert.That(gate.PausedFor.TotalSeconds, Is.InRange(120, 132));
    }

    [Test]
    public async Task A_short_pause_is_waited_through_in_hand()
    {
        using var gate = Gate();
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, new DeliveryOutcome.Throttled(ThrottleScope.App, "flow", new RetryPace(TimeSpan.FromSeconds(2))));

        var waiting = gate.EnterAsync(CancellationToken.None).AsTask();
        Assert.That(waiting.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.That(await waiting.WaitAsync(Eventually.Patience), Is.Not.Null);
        Assert.That(_longPauses, Is.Empty);
    }

    [Test]
    public async Task One_throttled_device_closes_nothing()
    {
        using var gate = Gate();

        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, new DeliveryOutcome.Throttled(ThrottleScope.Token, "TooManyRequests", new RetryPace(TimeSpan.FromSeconds(1))));

        Assert.That(gate.Reason, Is.EqualTo(GateReason.None));
    }

    [Test]
    public async Task Many_failures_in_a_row_are_an_outage_and_a_few_are_not()
    {
        using var gate = Gate();
        for (var i = 0; i < 19; i++)
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Failed);
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Taken);
        Assert.That(gate.Reason, Is.EqualTo(GateReason.None), "an answer in between starts the count anew");

        for (var i = 0; i < 20; i++)
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Failed);

        Assert.That(gate.Reason, Is.EqualTo(GateReason.Outage));
    }

    [Test]
    public async Task What_may_be_one_devices_fault_closes_it_only_when_said_again_and_again()
    {
        using var gate = Gate();
        var doubtful = new DeliveryOutcome.CredentialBad("80300002", CredentialScope.AppOrDevice);
        for (var i = 0; i < 10; i++)
        {
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, doubtful);
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Taken);
        }

        Assert.That(gate.Reason, Is.EqualTo(GateReason.None));
        for (var i = 0; i < 3; i++)
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, doubtful);
        Assert.That(gate.Reason, Is.EqualTo(GateReason.Credential));

        gate.ProbeCredentials();
        for (var i = 0; i < 2; i++)
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, doubtful);
        Assert.That(gate.PausedFor, Is.EqualTo(TimeSpan.Zero), "another device's push is the next probe");
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Taken);
        Assert.That(gate.Reason, Is.EqualTo(GateReason.None));
    }

    [Test]
    public async Task Pauses_grow_though_the_provider_asks_for_short_ones()
    {
        using var gate = Gate();
        var overloaded = new DeliveryOutcome.RetryLater("503", new RetryPace(TimeSpan.FromSeconds(1)), TimeSpan.FromSeconds(1));
        for (var i = 0; i < 20; i++)
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, overloaded);
        for (var pauses = 0; pauses < 8; pauses++)
        {
            Assert.That(gate.PausedFor, Is.GreaterThan(TimeSpan.Zero));
            _clock.Advance(gate.PausedFor);
            gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, overloaded);
        }

        Assert.That(gate.PausedFor, Is.GreaterThan(new GateOptions { InFlightMax = 1 }.HoldMax), "what waits in hand goes back to the broker");
    }

    [Test]
    public async Task New_credentials_end_the_pause_that_the_old_ones_caused_and_no_other()
    {
        using var gate = Gate();
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, new DeliveryOutcome.CredentialBad("InvalidProviderToken"));
        Assert.That(gate.PausedFor, Is.GreaterThan(TimeSpan.Zero));

        gate.ProbeCredentials();

        Assert.That(gate.PausedFor, Is.EqualTo(TimeSpan.Zero));
        Assert.That(gate.IsWideOpen, Is.False, "one goes first");
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, new DeliveryOutcome.Throttled(ThrottleScope.App, "", new RetryPace(TimeSpan.FromSeconds(60))));
        gate.ProbeCredentials();
        Assert.That(gate.PausedFor, Is.GreaterThan(TimeSpan.Zero));
    }

    [Test]
    public async Task It_is_wide_open_when_nothing_is_left_of_a_pause()
    {
        using var gate = Gate();
        Assert.That(gate.IsWideOpen);
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, new DeliveryOutcome.CredentialBad("InvalidProviderToken"));
        gate.ProbeCredentials();
        gate.Leave((await gate.EnterAsync(CancellationToken.None))!.Value, Taken);
        Assert.That(gate.IsWideOpen, Is.False, "it ramps up");

        _clock.Advance(TimeSpan.FromMinutes(2));

        Assert.That(gate.IsWideOpen);
    }

    [Test]
    public async Task A_backlog_goes_out_within_the_quota_in_every_second_and_in_turn()
    {
        const int Quota = GateOptions.QuotaMin;
        const int Backlog = 1_000;
        using var gate = Gate(inFlightMax: Backlog, perMinuteMax: Quota);
        var waiting = Enumerable.Range(0, Backlog).Select(_ => gate.EnterAsync(CancellationToken.None).AsTask()).ToList();
        var begun = new List<TimeSpan>();
        for (var passed = TimeSpan.Zero; begun.Count < Backlog; passed += TimeSpan.FromMilliseconds(7))
        {
            begun.AddRange(Enumerable.Repeat(passed, gate.InFlight - begun.Count));
            Assert.That(gate.IsOverQuota, Is.EqualTo(begun.Count < Backlog));
            await Task.WhenAll(waiting.Take(begun.Count)).WaitAsync(Eventually.Patience);
            Assert.That(waiting.Skip(begun.Count).Any(waiter => waiter.IsCompleted), Is.False, "nobody overtakes");
            _clock.Advance(TimeSpan.FromMilliseconds(7));
        }

        foreach (var instant in begun)
            Assert.That(begun.Count(other => other >= instant && other < instant + TimeSpan.FromSeconds(1)), Is.LessThanOrEqualTo(Quota / 60));
        Assert.That(Backlog / begun[^1].TotalSeconds, Is.EqualTo(0.9 * Quota / 60).Within(2).Percent);
    }

    [Test]
    public async Task Who_waits_for_a_quota_is_sent_away_when_the_service_is_told_to_stop()
    {
        using var gate = Gate(perMinuteMax: GateOptions.QuotaMin);
        var waiting = gate.EnterAsync(CancellationToken.None).AsTask();
        Assert.That(gate.IsWideOpen, Is.False);

        gate.StopWaiting();

        Assert.That(await waiting.WaitAsync(Eventually.Patience), Is.Null);
        Assert.That(gate.IsOverQuota, Is.False, "nobody waits any more");
    }

    [Test]
    public async Task Who_would_rather_not_wait_for_a_quota_is_sent_away_even_when_all_places_were_taken_first()
    {
        using var gate = Gate(inFlightMax: 2, perMinuteMax: GateOptions.QuotaMin);
        _clock.Advance(TimeSpan.FromSeconds(1));
        GatePass[] inside = [(await gate.EnterAsync(CancellationToken.None))!.Value, (await gate.EnterAsync(CancellationToken.None))!.Value];
        var patient = gate.EnterAsync(CancellationToken.None).AsTask();
        var impatient = Enumerable.Range(0, 20).Select(_ => gate.EnterAsync(waitsForQuota: false, CancellationToken.None).AsTask()).ToList();
        Assert.That(gate.IsWideOpen, "they wait for each other");

        // Ten may go at once after a quiet time; each that comes back lets another one in.
        for (var i = 0; i < 10; i++)
            gate.Leave(inside[i % 2], Taken);

        Assert.That(await patient.WaitAsync(Eventually.Patience), Is.Not.Null);
        var ends = await Task.WhenAll(impatient).WaitAsync(Eventually.Patience);
        Assert.That(ends.Count(pass => pass is not null), Is.EqualTo(7), "what the quota allowed");
        Assert.That(ends.TakeLast(13), Is.All.Null);
    }

    private static async Task<int> CountOpenAsync(ProviderGate gate)
    {
        var passes = new List<GatePass>();
        while (gate.EnterAsync(CancellationToken.None).AsTask() is { IsCompleted: true } entering)
            passes.Add((await entering)!.Value);
        return passes.Count;
    }

    private ProviderGate Gate(int inFlightMax = 1000, int? perMinuteMax = null) =>
        new("apns", new GateOptions { InFlightMax = inFlightMax, PerMinuteMax = perMinuteMax }, _clock, NullLogger.Instance) { LongPause = _longPauses.Add };
}
