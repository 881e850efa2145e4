using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using NUnit.Framework;
using Sotto.FakeExample;
using Sotto.FakeProvider;
using Sotto.SenderKit;
using Sotto.TestSupport;

[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

namespace ExampleSender.Tests;

/// <summary>The sender of Example, against a simulated one: what all senders must do, and the form of a push.</summary>
public sealed class ExampleSenderTests : SenderCompliance
{
    protected override string ProviderName => "example";

    protected override string Section => "Example";

    protected override string SendPath => "/v1/send";

    private FakeExample Example => (FakeExample)Simulator;

    [Test]
    public async Task A_push_has_the_form_that_apps_expect()
    {
        await Sender.RunAsync();
        var push = Push();

        await Sender.Bus.PushAsync(push);

        var request = (await Example.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0];
        using var body = JsonDocument.Parse(request.Body);
        Assert.That(body.RootElement.GetProperty("data").GetString(), Is.EqualTo($$"""{"enc_payload":"{{Convert.ToBase64String(push.Payload)}}","spns":"1"}"""));
        Assert.That(body.RootElement.GetProperty("token").GetString(), Is.EqualTo(request.Tokens[0]));
    }

    protected override string NewToken() => RandomNumberGenerator.GetHexString(64, lowercase: true);

    protected override async Task<ProviderSimulator> StartSimulatorAsync() => await FakeExample.StartAsync();

    protected override WebApplication Build(string[] args) => Program.Build(args);

    protected override Action BreakCredentials()
    {
        Simulator.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 401, Body = """{"error":"bad key"}""", Count = 0 });
        return Simulator.Faults.Clear;
    }

    protected override void Configure(SenderUnderTest sender)
    {
        sender.Settings["Tls:TrustedCa"] = sender.Write("ca.pem", Example.Authority.Pem);
        sender.Settings["Example:Endpoint"] = Example.Endpoint.ToString();
        sender.Settings["Example:ApiKeyFile"] = sender.Write("key", Example.ApiKey + "\n");
        sender.Settings["Example:SealingKeyFile"] = sender.SealingKeyFile();
    }
}
