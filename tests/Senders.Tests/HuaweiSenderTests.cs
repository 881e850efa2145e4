using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeHms;
using Sotto.FakeProvider;

namespace Senders.Tests;

/// <summary>The sender of Huawei, against a simulated one.</summary>
public sealed class HuaweiSenderTests : SenderCompliance
{
    protected override string ProviderName => Provider.Huawei;

    protected override string Section => "Huawei";

    protected override string SendPath => "messages:send";

    private FakeHms Huawei => (FakeHms)Simulator;

    [Test]
    public async Task A_push_has_the_form_that_apps_expect()
    {
        await Sender.RunAsync();
        var token = NewToken();
        var push = SenderUnderTest.Push(Provider.Huawei, token);

        await Sender.Bus.PushAsync(push);

        var request = (await Huawei.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0];
        var data = $$"""{\"enc_payload\":\"{{Convert.ToBase64String(push.Payload)}}\",\"spns\":\"1\"}""";
        var expected = $$$"""{"validate_only":false,"message":{"data":"{{{data}}}","android":{"urgency":"HIGH"},"token":["{{{token}}}"]}}""";
        using var sent = JsonDocument.Parse(request.Body);
        using var wanted = JsonDocument.Parse(expected);
        Assert.That(JsonElement.DeepEquals(sent.RootElement, wanted.RootElement), $"{request.BodyText} is not {expected}");
        Assert.That(request.Path, Is.EqualTo($"/v1/{Huawei.AppId}/messages:send"));
        Assert.That(request.Protocol, Is.EqualTo("HTTP/1.1"));
    }

    [Test]
    public async Task Without_the_right_to_high_urgency_pushes_go_with_normal_urgency()
    {
        Huawei.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 400, Body = """{"code":"80300011","msg":"No permission for high priority"}""", Path = SendPath });
        await Sender.RunAsync();

        await Sender.Bus.PushAsync(Push());
        await Huawei.Ledger.WaitForAcceptedAsync(1, Eventually.Patience);
        await Sender.Bus.PushAsync(Push());

        var taken = await Huawei.Ledger.WaitForAcceptedAsync(2, Eventually.Patience);
        Assert.That(taken.Select(request => request.BodyText), Is.All.Contains("\"urgency\":\"NORMAL\""));
        Assert.That(Sender.Bus.DeadLettered, Is.Empty);
    }

    [Test]
    public async Task A_token_of_another_app_does_not_stop_the_others()
    {
        Sender.Settings["Delivery:ParkingSeconds"] = "1,300";
        var foreign = NewToken();
        Huawei.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 400, Body = """{"code":"80300002","msg":"App has no permission to send"}""", Token = foreign, Count = 0 });
        await Sender.RunAsync();

        await Sender.Bus.PushAsync(SenderUnderTest.Push(Provider.Huawei, foreign));
        await Eventually.BecomesTrueAsync(async () => await Sender.Queues.ReadyAsync("push.huawei.park.300s") == 1, what: "it was put aside for a while");
        await Sender.Bus.PushAsync([.. Enumerable.Range(0, 20).Select(_ => Push())]);

        await Huawei.Ledger.WaitForAcceptedAsync(20, Eventually.Patience);
        Assert.That(Sender.Bus.Invalidated, Is.Empty);
        Assert.That(Sender.Bus.DeadLettered, Is.Empty);
    }

    [Test]
    public async Task Flow_control_is_waited_out()
    {
        Huawei.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 503, Body = "", Path = SendPath, Count = 3 });
        await Sender.RunAsync();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 40).Select(_ => Push())];

        await Sender.Bus.PushAsync(pushes);

        await Eventually.BecomesTrueAsync(() => Sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == pushes.Length, TimeSpan.FromSeconds(60), "all were taken");
        Assert.That(Sender.Bus.DeadLettered, Is.Empty);
    }

    protected override string NewToken() => Providers.HmsToken();

    protected override async Task<ProviderSimulator> StartSimulatorAsync() => await FakeHms.StartAsync();

    protected override WebApplication Build(string[] args) => HuaweiSender.Program.Build(args);

    protected override Action BreakCredentials()
    {
        Simulator.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 400, Body = """{"code":"80300013","msg":"Bad receipt address"}""", Count = 0, Path = SendPath });
        return Simulator.Faults.Clear;
    }

    protected override void Configure(SenderUnderTest sender) => sender.Use(Huawei);
}
