using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeFcm;
using Sotto.FakeProvider;

namespace Senders.Tests;

/// <summary>The sender of Google, against a simulated one.</summary>
public sealed class FcmSenderTests : SenderCompliance
{
    protected override string ProviderName => Provider.Firebase;

    protected override string Section => "Fcm";

    protected override string SendPath => "messages:send";

    private FakeFcm Google => (FakeFcm)Simulator;

    [TestCase(31, 4)]
    [TestCase(32, 0)]
    [TestCase(999, 0)]
    [TestCase(1_000, 4)]
    public async Task A_token_has_32_to_999_bytes(int length, int code)
    {
        await Sender.RunAsync();

        var answer = await Sender.Bus.AskAsync(ProviderName, SenderUnderTest.SealInfo($$"""{"token":"{{new string('+', length)}}"}"""));

        Assert.That(answer.ErrorCode, Is.EqualTo(code), answer.ErrorMessage);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_push_has_the_form_that_apps_expect(bool highPriority)
    {
        Sender.Settings["Fcm:HighPriority"] = $"{highPriority}";
        await Sender.RunAsync();
        var token = NewToken();
        var push = SenderUnderTest.Push(Provider.Firebase, token);

        await Sender.Bus.PushAsync(push);

        var request = (await Google.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0];
        var android = highPriority ? """ "android":{"priority":"high"},""" : "";
        var expected = $$$"""{"message":{"data":{"enc_payload":"{{{Convert.ToBase64String(push.Payload)}}}","spns":"1"},{{{android}}}"token":"{{{token}}}"},"validate_only":false}""";
        using var sent = JsonDocument.Parse(request.Body);
        using var wanted = JsonDocument.Parse(expected);
        Assert.That(JsonElement.DeepEquals(sent.RootElement, wanted.RootElement), $"{request.BodyText} is not {expected}");
        Assert.That(request.Path, Is.EqualTo($"/v1/projects/{Google.ProjectId}/messages:send"));
        Assert.That(request.Protocol, Is.EqualTo("HTTP/2"));
    }

    [Test]
    public async Task Many_pushes_share_one_access_token_and_a_revoked_one_is_replaced_once()
    {
        await Sender.RunAsync();
        await Sender.Bus.PushAsync([.. Enumerable.Range(0, 50).Select(_ => Push())]);
        await Google.Ledger.WaitForAcceptedAsync(50, Eventually.Patience);
        Assert.That(TokenRequests, Is.EqualTo(1));

        Google.RevokeAccessTokens();
        await Sender.Bus.PushAsync([.. Enumerable.Range(0, 50).Select(_ => Push())]);

        await Google.Ledger.WaitForAcceptedAsync(100, Eventually.Patience);
        Assert.That(TokenRequests, Is.EqualTo(2));
        Assert.That(Sender.Bus.DeadLettered, Is.Empty);
    }

    [Test]
    public async Task An_exhausted_quota_pauses_the_queue_for_as_long_as_Google_asks()
    {
        const string Quota = """{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"QUOTA_EXCEEDED"}]}}""";
        Google.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 429, Body = Quota, RetryAfter = "120", Path = SendPath });
        await Sender.RunAsync();
        await Sender.Bus.PushAsync(Push());
        await Eventually.BecomesTrueAsync(async () => await Sender.Queues.ConsumersAsync("push.firebase") == 0, what: "no more was taken from the queue");

        EncryptedPush[] later = [.. Enumerable.Range(0, 10).Select(_ => Push())];
        await Sender.Bus.PushAsync(later);

        await Eventually.BecomesTrueAsync(async () => await Sender.Queues.ReadyAsync("push.firebase") == 1, what: "the queue kept them");
        Assert.That(Google.Ledger.Accepted, Is.Zero);
        Assert.That(Sender.Bus.DeadLettered, Is.Empty);
    }

    [Test]
    public async Task A_bad_service_account_keeps_every_push()
    {
        Google.Faults.Add(new Fault
        {
            Kind = FaultKind.Answer,
            Status = 400,
            Body = """{"error":"invalid_grant","error_description":"Invalid JWT Signature."}""",
            Path = "/token",
            Count = 3,
        });
        await Sender.RunAsync();
        EncryptedPush[] pushes = [.. Enumerable.Range(0, 30).Select(_ => Push())];

        await Sender.Bus.PushAsync(pushes);

        await Eventually.BecomesTrueAsync(() => Sender.Bus.Accepted.Select(report => report.PushId).Distinct().Count() == pushes.Length, TimeSpan.FromSeconds(90), "all were taken");
        Assert.That(Sender.Bus.DeadLettered, Is.Empty);
    }

    protected override string NewToken() => Providers.FcmToken();

    protected override async Task<ProviderSimulator> StartSimulatorAsync() => await FakeFcm.StartAsync();

    protected override WebApplication Build(string[] args) => FcmSender.Program.Build(args);

    protected override Action BreakCredentials()
    {
        const string Denied = """{"error":{"code":403,"message":"Permission denied.","status":"PERMISSION_DENIED"}}""";
        Simulator.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 403, Body = Denied, Count = 0, Path = SendPath });
        return Simulator.Faults.Clear;
    }

    protected override void Configure(SenderUnderTest sender) => sender.Use(Google);

    private int TokenRequests => Google.Ledger.Received.Count(request => request.Path == "/token");
}
