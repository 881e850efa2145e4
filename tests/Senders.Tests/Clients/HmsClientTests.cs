using System.Security.Cryptography.X509Certificates;
using HuaweiSender;
using Sotto.FakeHms;
using Sotto.FakeProvider;
using Sotto.Hms;

namespace Senders.Tests.Clients;

public sealed class HmsClientTests
{
    // Longer than the token endpoint is ever left alone.
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(6);

    [Test]
    public async Task A_fourth_answer_in_a_row_without_a_token_is_no_accident()
    {
        var clock = new ManualTimeProvider();
        await using var huawei = await FakeHms.StartAsync();
        huawei.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 200, Body = "{}", Path = "oauth2", Count = 4 });
        var options = new HmsOptions { Endpoint = huawei.Endpoint, TokenEndpoint = huawei.TokenEndpoint, AppId = huawei.AppId, TrustedRoots = [X509Certificate2.CreateFromPem(huawei.Authority.Pem)] };
        using var client = new HmsClient(options, huawei.AppSecret, clock);

        var classes = new List<string>();
        while (await client.AskForAccessAsync(CancellationToken.None) is { Token: null } refused)
        {
            classes.Add(HuaweiOutcome.OfNoAccess(refused, clock.GetUtcNow()).Class);
            clock.Advance(Rest);
        }

        Assert.That(classes, Is.EqualTo(new[] { "RETRY_LATER", "RETRY_LATER", "RETRY_LATER", "CREDENTIAL_BAD" }));
    }
}
