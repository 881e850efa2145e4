using Senders.Tests.Harness;
using Sotto.FakeApns;
using Sotto.FakeProvider;
using Sotto.Hosting.Bus;

namespace Senders.Tests;

/// <summary>Several apps, of several teams, in one sender of Apple.</summary>
public sealed class AppTests
{
    private const string SecondTopic = "org.example.second";

    private FakeApns _apple = null!;
    private SenderUnderTest _sender = null!;
    private ApnsKey _secondKey = null!;

    [SetUp]
    public async Task PrepareAsync()
    {
        _secondKey = ApnsKey.Create("SECONDKEY1", "SECONDTEAM");
        _apple = await FakeApns.StartAsync(new FakeApnsOptions { OtherKeys = [_secondKey], OtherTopics = [SecondTopic] });
        _sender = await SenderUnderTest.PrepareAsync(ApnsSender.Program.Build);
        _sender.Use(_apple);
        _sender.Settings["Apns:App"] = "first";
        _sender.Settings["Apns:Apps:second:Topic"] = SecondTopic;
        _sender.Settings["Apns:Apps:second:KeyFile"] = _sender.Write("second.p8", _secondKey.PrivatePem!);
        _sender.Settings["Apns:Apps:second:KeyId"] = _secondKey.KeyId;
        _sender.Settings["Apns:Apps:second:TeamId"] = _secondKey.TeamId;
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _sender.DisposeAsync();
        await _apple.DisposeAsync();
    }

    [Test]
    public async Task Each_push_goes_by_the_credentials_of_the_app_that_its_client_named()
    {
        await _sender.RunAsync();

        await _sender.Bus.PushAsync(await PushAsync("second"), await PushAsync("first"), await PushAsync(app: null), SenderUnderTest.Push(Provider.Apns, Providers.ApnsToken()));

        var taken = await _apple.Ledger.WaitForAcceptedAsync(4, Eventually.Patience);
        Assert.That(taken.Count(request => request.Header("apns-topic") == SecondTopic), Is.EqualTo(1));
        Assert.That(taken.Count(request => request.Header("apns-topic") == _apple.Topic), Is.EqualTo(3), "named, not named, and sealed before apps had names");
        Assert.That(taken.Select(request => request.Connection).Distinct().Count(), Is.GreaterThanOrEqualTo(2), "a connection is bound to a team");
        Assert.That(_apple.Ledger.Summarise().Refused, Is.Empty);
    }

    [TestCase("\"third\"", 4)]
    [TestCase("\"Second\"", 4)]
    [TestCase("\"\"", 4)]
    [TestCase("7", 4)]
    public async Task An_app_that_is_not_served_is_refused(string app, int code)
    {
        await _sender.RunAsync();

        var answer = await _sender.Bus.AskAsync(Provider.Apns, SenderUnderTest.SealInfo($$"""{"token":"{{Providers.ApnsToken()}}","app":{{app}}}"""));

        Assert.That(answer.ErrorCode, Is.EqualTo(code));
        Assert.That(answer.ErrorMessage, Does.Contain("app"));
        Assert.That(answer.SealedDeviceToken, Is.Null);
    }

    [Test]
    public async Task Where_no_app_is_meant_by_default_one_must_be_named()
    {
        foreach (var key in _sender.Settings.Keys.Where(key => key is "Apns:Topic" or "Apns:KeyFile" or "Apns:KeyId" or "Apns:TeamId" or "Apns:App").ToList())
            _sender.Settings.Remove(key);
        await _sender.RunAsync();

        var answer = await _sender.Bus.AskAsync(Provider.Apns, SenderUnderTest.SealInfo($$"""{"token":"{{Providers.ApnsToken()}}"}"""));
        await _sender.Bus.PushAsync(await PushAsync("second"));

        Assert.That(answer.ErrorMessage, Is.EqualTo("Error: missing required key 'app'"));
        Assert.That((await _apple.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0].Header("apns-topic"), Is.EqualTo(SecondTopic));
    }

    [Test]
    public async Task Refused_credentials_of_one_app_stop_no_other_and_keep_its_pushes_in_a_queue_of_their_own()
    {
        await using var broken = await FakeApns.StartAsync(new FakeApnsOptions { Authority = _apple.Authority, Key = _secondKey, Topic = SecondTopic });
        broken.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 403, Body = """{"reason":"InvalidProviderToken"}""", Count = 0 });
        _sender.Settings["Apns:Apps:second:Endpoint"] = broken.Endpoint.ToString();
        await _sender.RunAsync();
        EncryptedPush[] bad = [.. await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => PushAsync("second")))];
        EncryptedPush[] good = [.. await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => PushAsync("first")))];

        // In the same frames, side by side.
        await _sender.Bus.PushAsync([.. bad.Zip(good, (one, other) => (EncryptedPush[])[one, other]).SelectMany(pair => pair)]);

        await _apple.Ledger.WaitForAcceptedAsync(good.Length, TimeSpan.FromSeconds(60));
        Assert.That(broken.Ledger.Accepted, Is.Zero);
        await Eventually.BecomesTrueAsync(
            async () => await _sender.Queues.ReadyAsync(BusTopology.HoldingQueue(Provider.Apns, "second")) > 0 && await _sender.Queues.ReadyAsync("push.apns") == 0,
            what: "they waited in the queue of their app, and the common one was empty");
        broken.Faults.Clear();

        await Eventually.BecomesTrueAsync(
            () => _sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == bad.Length + good.Length, TimeSpan.FromSeconds(90), "all were taken");
        Assert.That(_sender.Bus.DeadLettered, Is.Empty);
        Assert.That(_sender.Bus.Expired, Is.Empty);
    }

    [Test]
    public async Task A_push_for_an_app_that_is_no_longer_served_waits_for_repair()
    {
        _sender.Settings["Delivery:ParkingSeconds"] = "1,60,120";
        await _sender.RunAsync();
        var push = SenderUnderTest.Push(Provider.Apns, Providers.ApnsToken()) with
        {
            SealedDeviceToken = SenderUnderTest.SealInfo($$"""{"token":"{{Providers.ApnsToken()}}","app":"gone"}"""),
        };

        await _sender.Bus.PushAsync(push);

        await Eventually.BecomesTrueAsync(
            async () => await _sender.Queues.ReadyAsync("push.apns.park.60s") + await _sender.Queues.ReadyAsync("push.apns.park.120s") == 1, what: "it was put aside");
        Assert.That(_apple.Ledger.Requests, Is.Zero);
    }

    private async Task<EncryptedPush> PushAsync(string? app)
    {
        var token = Providers.ApnsToken();
        var named = app is null ? "" : $$""","app":"{{app}}" """;
        var answer = await _sender.Bus.AskAsync(Provider.Apns, SenderUnderTest.SealInfo($$"""{"token":"{{token}}"{{named}}}"""));
        Assert.That(answer.ErrorCode, Is.Zero, answer.ErrorMessage);
        return SenderUnderTest.Push(Provider.Apns, token) with { DeviceId = answer.DeviceId!, SealedDeviceToken = answer.SealedDeviceToken! };
    }
}
