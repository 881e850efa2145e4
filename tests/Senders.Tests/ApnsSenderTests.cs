using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeApns;
using Sotto.FakeProvider;
using Sotto.Hosting.Bus;

namespace Senders.Tests;

/// <summary>The sender of Apple, against a simulated one.</summary>
public sealed class ApnsSenderTests : SenderCompliance
{
    protected override string ProviderName => Provider.Apns;

    protected override string Section => "Apns";

    protected override string SendPath => "/3/device/";

    protected override bool TellsTimeOfDeath => true;

    protected override bool AnswersHaveBodies => false;

    private FakeApns Apple => (FakeApns)Simulator;

    [TestCase(64, 0)]
    [TestCase(32, 4)]
    public async Task A_token_has_64_characters_however_many_bytes_that_are(int bells, int code)
    {
        await Sender.RunAsync();

        var answer = await Sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo($$"""{"token":"{{string.Concat(Enumerable.Repeat("\U0001F514", bells))}}"}"""));

        Assert.That(answer.ErrorCode, Is.EqualTo(code), answer.ErrorMessage);
    }

    [Test]
    public async Task A_push_has_the_form_that_apps_expect()
    {
        await Sender.RunAsync();
        var push = Push();

        await Sender.Bus.PushAsync(push, push with { PushId = Guid.NewGuid(), Urgency = PushUrgency.Normal });

        var requests = await Apple.Ledger.WaitForAcceptedAsync(2, Eventually.Patience);
        var request = requests.Single(request => request.Header("apns-id") == push.PushId.ToString());
        Assert.That(request.Path, Is.EqualTo($"/3/device/{request.Tokens[0]}"));
        Assert.That(request.Protocol, Is.EqualTo("HTTP/2"));
        Assert.That(request.Header("apns-topic"), Is.EqualTo(Apple.Topic));
        Assert.That(request.Header("apns-priority"), Is.EqualTo("10"));
        Assert.That(request.Header("apns-push-type"), Is.EqualTo("alert"));
        Assert.That(request.Header("apns-expiration"), Is.Null);
        Assert.That(request.Header("apns-collapse-id"), Is.Null);
        Assert.That(request.BodyText, Is.EqualTo(
            $$"""{"aps":{"alert":{"title":"Session","body":"You've got a new message"},"badge":1,"sound":"default","mutable-content":1,"category":"SECRET"},"spns":1,"enc_payload":"{{Convert.ToBase64String(push.Payload)}}"}"""));
        Assert.That(requests.Single(other => other != request).Header("apns-priority"), Is.EqualTo("5"));
    }

    [Test]
    public async Task Expiry_and_collapsing_are_sent_when_they_are_asked_for()
    {
        Sender.Settings["Apns:SendExpiration"] = "true";
        Sender.Settings["Apns:CollapseRepeats"] = "true";
        await Sender.RunAsync();
        var push = Push();

        await Sender.Bus.PushAsync(push);

        var request = (await Apple.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0];
        Assert.That(request.Header("apns-expiration"), Is.EqualTo($"{push.ExpiresAt.ToUnixTimeSeconds()}"));
        Assert.That(request.Header("apns-collapse-id"), Is.EqualTo(push.PushId.ToString("N")));
    }

    [Test]
    public async Task Production_and_sandbox_are_two_providers()
    {
        await Sender.RunAsync();

        await Sender.Bus.PushAsync(Push(), SenderUnderTest.Push(Provider.ApnsSandbox, NewToken()));

        var requests = await Apple.Ledger.WaitForAcceptedAsync(2, Eventually.Patience);
        Assert.That(requests.Select(request => request.Listener), Is.EquivalentTo((string[])["production", "sandbox"]));
    }

    [Test]
    public async Task A_certificate_serves_as_well_as_a_key()
    {
        using var certificate = Apple.IssueCertificate();
        foreach (var section in (string[])["Apns", "ApnsSandbox"])
        {
            Sender.Settings.Remove($"{section}:KeyFile");
            Sender.Settings[$"{section}:CertificateFile"] = Sender.Write(
                "client.pem", certificate.ExportCertificatePem() + "\n" + certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem() + "\n");
        }

        await Sender.RunAsync();

        await Sender.Bus.PushAsync(Push());

        var request = (await Apple.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0];
        Assert.That(request.Header("authorization"), Is.Null);
    }

    [Test]
    public async Task A_throttled_device_is_left_alone_and_others_are_not()
    {
        await Sender.RunAsync();
        var throttled = NewToken();
        Apple.Tokens.Set(throttled, TokenState.Throttled);
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 10).Select(_ => SenderUnderTest.Push(Provider.Apns, throttled))];

        await Sender.Bus.PushAsync([pushes[0], Push()]);
        await Apple.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        await Eventually.BecomesTrueAsync(() => Apple.Ledger.Summarise().Refused.Count == 1, what: "one was refused");
        await Sender.Bus.PushAsync([.. pushes[1..], Push()]);
        await Apple.Ledger.WaitForAcceptedAsync(2, Eventually.Patience);

        await NothingIsLeftAsync();
        Assert.That(Apple.Ledger.Summarise().Requests, Is.EqualTo(3), "two were taken, one was refused, nine were not tried");
    }

    [Test]
    public async Task Many_bad_tokens_at_once_are_doubted_and_unregistered_ones_are_not()
    {
        await Sender.RunAsync();
        var bad = Enumerable.Range(0, 120).Select(_ => NewToken()).ToList();
        bad.ForEach(token => Apple.Tokens.Set(token, TokenState.Bad));
        var gone = NewToken();
        Apple.Unregister(gone, DeathOf);

        await Sender.Bus.PushAsync([.. bad.Select(token => SenderUnderTest.Push(Provider.Apns, token))]);
        await Eventually.BecomesTrueAsync(() => Sender.Bus.DeadLettered.Count == bad.Count, what: "all were dead letters");
        await Sender.Bus.PushAsync(SenderUnderTest.Push(Provider.Apns, gone));
        await Eventually.BecomesTrueAsync(() => Sender.Bus.DeadLettered.Count == bad.Count + 1, what: "the last one too");

        Assert.That(Sender.Bus.Invalidated.Count(report => report.Reason == "BadDeviceToken"), Is.LessThan(50), "fewer results say nothing, more are doubted");
        Assert.That(Sender.Bus.DeadLettered.Count(letter => letter.Reason == "doubted: BadDeviceToken"), Is.GreaterThanOrEqualTo(70));
        await Eventually.BecomesTrueAsync(() => Sender.Bus.Invalidated.Count(report => report.Reason == "Unregistered") == 1, what: "the unregistered one was retired");
    }

    [Test]
    public async Task Pausing_again_and_again_poisons_no_frame()
    {
        Sender.Settings["Delivery:HoldSeconds"] = "0";
        Sender.Settings["Delivery:PrefetchFrames"] = "4";
        Sender.Settings["Delivery:ParkingSeconds"] = "1,5,15";
        var mend = BreakCredentials();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 3000).Select(_ => Push())];
        await Sender.DeclarePushQueueAsync(Provider.Apns);
        await Sender.Bus.PushAsync(pushes);
        await Sender.RunAsync();

        await Eventually.BecomesTrueAsync(async () => Apple.Ledger.Requests > 0 && await Sender.Queues.ConsumersAsync("push.apns") == 0, TimeSpan.FromSeconds(60), "the queue was paused");
        // From now on each probe is one request. The broker hands out a frame five times at most.
        var before = Apple.Ledger.Requests;
        await Eventually.BecomesTrueAsync(() => Apple.Ledger.Requests >= before + BusTopology.DeliveryLimit + 2, TimeSpan.FromSeconds(240), "there were more pauses than deliveries");
        mend();

        await Eventually.BecomesTrueAsync(() => Sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == pushes.Length, TimeSpan.FromSeconds(240), "all were taken");
        Assert.That(await Sender.Queues.ReadyAsync("poison"), Is.Zero);
        Assert.That(Sender.Bus.DeadLettered, Is.Empty);
    }

    [Test]
    public async Task An_expired_provider_token_is_replaced_with_its_connection()
    {
        Apple.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 403, Body = """{"reason":"ExpiredProviderToken"}""" });
        await Sender.RunAsync();

        await Sender.Bus.PushAsync(Push());

        await Apple.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        var received = Apple.Ledger.Received;
        Assert.That(received, Has.Count.EqualTo(2));
        Assert.That(received[0].Connection, Is.Not.EqualTo(received[1].Connection));
        Assert.That(received[0].Header("apns-id"), Is.EqualTo(received[1].Header("apns-id")));
    }

    [Test]
    public async Task A_told_wait_is_longer_than_our_own()
    {
        Sender.Settings["Delivery:ParkingSeconds"] = "1,5,1800";
        Apple.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 503, Body = """{"reason":"Shutdown"}""", RetryAfter = "1200" });
        await Sender.RunAsync();

        await Sender.Bus.PushAsync(Push());

        await Eventually.BecomesTrueAsync(async () => await Sender.Queues.ReadyAsync("push.apns.park.1800s") == 1, what: "it was parked on the longer rung");
    }

    protected override string NewToken() => Providers.ApnsToken();

    protected override async Task<ProviderSimulator> StartSimulatorAsync() => await FakeApns.StartAsync();

    protected override WebApplication Build(string[] args) => ApnsSender.Program.Build(args);

    protected override Action BreakCredentials()
    {
        Simulator.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 403, Body = """{"reason":"InvalidProviderToken"}""", Count = 0 });
        return Simulator.Faults.Clear;
    }

    protected override void Configure(SenderUnderTest sender) => sender.Use(Apple);
}
