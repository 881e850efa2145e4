using System.Text;
using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeProvider;
using Sotto.FakeWebPush;

namespace Senders.Tests;

/// <summary>The sender of Web Push, against a simulated push service whose subscribers really open what they are sent.</summary>
public sealed class WebPushSenderTests : SenderCompliance
{
    protected override string ProviderName => Provider.WebPush;

    protected override string Section => "WebPush";

    protected override string SendPath => "/push/";

    protected override string TokenKey => "endpoint";

    // A push service answers with a status, and what comes with it means nothing.
    protected override bool StatusSaysAll => true;

    // There are as many services as browsers and strangers: each judges our signature for itself.
    protected override bool CredentialsAreForAll => false;

    private FakeWebPush Service => (FakeWebPush)Simulator;

    [Test]
    public async Task A_push_has_the_form_that_apps_expect_and_the_device_reads_it()
    {
        await Sender.RunAsync();
        var subscription = Service.Subscribe(PushServiceStyle.Rfc, Providers.VapidPublicKey);
        var push = SenderUnderTest.Push(ProviderName, Providers.DeviceOf(subscription));

        await Sender.Bus.PushAsync(push);

        var request = (await Service.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0];
        Assert.That(Encoding.UTF8.GetString(request.Opened!), Is.EqualTo($$"""{"enc_payload":"{{Convert.ToBase64String(push.Payload)}}","spns":"1"}"""));
        Assert.That((request.Header("urgency"), request.Header("content-encoding"), request.Header("topic")), Is.EqualTo(("high", "aes128gcm", (string?)null)));
        Assert.That(request.Protocol, Is.EqualTo("HTTP/2"));
        var message = subscription.Inbox.Single();
        Assert.That(message.TtlSeconds, Is.InRange(1, 7200));
    }

    [TestCase(PushServiceStyle.Mozilla)]
    [TestCase(PushServiceStyle.Apple)]
    [TestCase(PushServiceStyle.Google)]
    [TestCase(PushServiceStyle.Edge)]
    [TestCase(PushServiceStyle.Ntfy)]
    public async Task Every_kind_of_push_service_is_served_and_its_dead_subscriptions_end(PushServiceStyle style)
    {
        await Sender.RunAsync();
        var (living, dead) = (Service.Subscribe(style, Providers.VapidPublicKey), Service.Subscribe(style, Providers.VapidPublicKey));
        Service.Unsubscribe(dead);

        await Sender.Bus.PushAsync(SenderUnderTest.Push(ProviderName, Providers.DeviceOf(living)), SenderUnderTest.Push(ProviderName, Providers.DeviceOf(dead)));

        await Eventually.BecomesTrueAsync(() => Sender.Bus.Accepted.Count == 1 && Sender.Bus.Invalidated.Count == 1, what: "one was taken and one was dead");
        Assert.That(Sender.Bus.Invalidated.Single().DeviceId, Is.EqualTo(SenderUnderTest.DeviceId(dead.Endpoint.OriginalString)));
        Assert.That(living.Inbox, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_server_that_refuses_us_or_is_out_does_not_hold_up_the_others()
    {
        await using var broken = await FakeWebPush.StartAsync(new FakeWebPushOptions { Authority = Service.Authority });
        await using var strict = await FakeWebPush.StartAsync(new FakeWebPushOptions { Authority = Service.Authority });
        Sender.Settings["WebPush:TestOrigins"] = string.Join(',', OriginOf(Service), OriginOf(broken), OriginOf(strict));
        Sender.Settings["Delivery:ParkingSeconds"] = "300";
        broken.Faults.Add(new Fault { Kind = FaultKind.Refuse, Count = 0 });
        strict.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 403, Body = """{"reason":"BadJwtToken"}""", Count = 0 });
        await Sender.RunAsync();

        await Sender.Bus.PushAsync([.. Enumerable.Range(0, 30).SelectMany(_ => (EncryptedPush[])
        [
            SenderUnderTest.Push(ProviderName, Providers.DeviceOf(broken.Subscribe())), SenderUnderTest.Push(ProviderName, Providers.DeviceOf(strict.Subscribe())), Push(),
        ])]);

        await Service.Ledger.WaitForAcceptedAsync(30, Eventually.Patience);
        await Eventually.BecomesTrueAsync(async () => await Sender.Queues.CountItemsAsync("push.webpush.park.300s") == 60, what: "the others' were put aside");
        Assert.That(Sender.Bus.DeadLettered, Is.Empty);
        Assert.That(Sender.Bus.Invalidated, Is.Empty);
    }

    [Test]
    public async Task A_stranger_must_say_twice_that_a_device_is_gone()
    {
        Sender.Settings["WebPush:TrustedHosts"] = "";
        Sender.Settings["Delivery:ParkingSeconds"] = "1,300";
        await Sender.RunAsync();
        var gone = Service.Subscribe(PushServiceStyle.Ntfy);
        Service.Unsubscribe(gone);

        await Sender.Bus.PushAsync(SenderUnderTest.Push(ProviderName, Providers.DeviceOf(gone)));

        await Eventually.BecomesTrueAsync(async () => await Sender.Queues.ReadyAsync("push.webpush.park.300s") == 1, what: "it is asked again in five minutes");
        Assert.That(Sender.Bus.Invalidated, Is.Empty);
    }

    [Test]
    public async Task A_redirect_is_never_followed()
    {
        await using var trap = await FakeWebPush.StartAsync(new FakeWebPushOptions { Authority = Service.Authority });
        Sender.Settings["WebPush:TestOrigins"] = string.Join(',', OriginOf(Service), OriginOf(trap));
        Sender.Settings["Delivery:ParkingSeconds"] = "300";
        var location = new Dictionary<string, string>(StringComparer.Ordinal) { ["Location"] = trap.Subscribe().Endpoint.OriginalString };
        Service.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 307, Headers = location, Count = 0 });
        await Sender.RunAsync();

        await Sender.Bus.PushAsync(Push());

        await Eventually.BecomesTrueAsync(async () => await Sender.Queues.ReadyAsync("push.webpush.park.300s") == 1, what: "it was put aside");
        Assert.That(trap.Ledger.Requests, Is.Zero);
    }

    [TestCase("https://10.0.0.1/push")]
    [TestCase("https://localhost/push")]
    [TestCase("http://push.example.net/push")]
    [TestCase("https://push.example.net:25/push")]
    [TestCase("https://user@push.example.net/push")]
    public async Task An_endpoint_that_leads_inside_is_refused_when_a_client_subscribes(string endpoint)
    {
        await Sender.RunAsync();
        var info = Service.Subscribe().ToJson();
        info["endpoint"] = endpoint;

        var answer = await Sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo(info.ToJsonString()));

        Assert.That(answer.ErrorCode, Is.EqualTo(4));
        Assert.That(answer.ErrorMessage, Does.StartWith("Invalid webpush subscription: ").And.Not.Contain("/push"));
    }

    [Test]
    public async Task A_repeated_push_takes_the_place_of_the_first_where_that_is_wanted()
    {
        Sender.Settings["WebPush:CollapseRepeats"] = "true";
        Sender.Settings["Delivery:ParkingSeconds"] = "1";
        await Sender.RunAsync();
        var subscription = Service.Subscribe(PushServiceStyle.Rfc, Providers.VapidPublicKey);
        Service.Faults.Add(new Fault { Kind = FaultKind.LostAnswer });

        await Sender.Bus.PushAsync(SenderUnderTest.Push(ProviderName, Providers.DeviceOf(subscription)));

        await Eventually.BecomesTrueAsync(() => Sender.Bus.Accepted.Count == 1, what: "it was reported");
        Assert.That(Service.Ledger.Accepted, Is.EqualTo(2));
        Assert.That(subscription.Inbox, Has.Count.EqualTo(1));
    }

    protected override string NewToken() => NewDevice().Token;

    protected override TestDevice NewDevice() => Providers.DeviceOf(Service.Subscribe(PushServiceStyle.Rfc, Providers.VapidPublicKey));

    protected override async Task<ProviderSimulator> StartSimulatorAsync() => await FakeWebPush.StartAsync();

    protected override WebApplication Build(string[] args) => WebPushSender.Program.Build(args);

    protected override Action BreakCredentials()
    {
        Simulator.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 403, Body = """{"reason":"BadJwtToken"}""", Count = 0 });
        return Simulator.Faults.Clear;
    }

    protected override void Configure(SenderUnderTest sender) => sender.Use(Service);

    private static string OriginOf(FakeWebPush service) => service.Endpoint.OriginalString;
}
