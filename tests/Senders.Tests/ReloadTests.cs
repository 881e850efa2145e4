using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Senders.Tests.Harness;
using Sotto.FakeApns;
using Sotto.FakeFcm;
using Sotto.FakeHms;
using Sotto.FakeProvider;

namespace Senders.Tests;

/// <summary>Real senders whose credentials change under them: not one push is lost, refused or repeated.</summary>
public sealed class ReloadTests
{
    [Test]
    public async Task Another_key_of_Apple_is_taken_while_pushes_flow()
    {
        var next = ApnsKey.Create("NEXTKEY001");
        await using var apple = await FakeApns.StartAsync(new FakeApnsOptions { OtherKeys = [next] });
        await using var sender = await PrepareAsync(ApnsSender.Program.Build, one => one.Use(apple));
        sender.Settings.Remove("Apns:KeyId");
        sender.Settings.Remove("Apns:TeamId");
        sender.Settings["Apns:KeyFile"] = sender.Write("key.json", Json(apple.Key));
        await sender.RunAsync();

        var sent = await PushUntilAsync(sender, Provider.Apns, Providers.ApnsToken, () => sender.Write("key.json", Json(next)), () => KeyIdOf(apple.Ledger.Received[^1]) == next.KeyId);

        await apple.Ledger.WaitForAcceptedAsync(sent, Eventually.Patience);
        Assert.That(apple.Ledger.Summarise().Refused, Is.Empty);
        Assert.That(apple.Ledger.Received.Select(KeyIdOf).Distinct(), Is.EquivalentTo(new[] { apple.Key.KeyId, next.KeyId }));
    }

    [Test]
    public async Task A_key_that_Apple_does_not_know_changes_nothing()
    {
        await using var apple = await FakeApns.StartAsync();
        await using var sender = await PrepareAsync(ApnsSender.Program.Build, one => one.Use(apple));
        await sender.RunAsync();

        // The same id, and another key behind it.
        var sent = await PushUntilAsync(sender, Provider.Apns, Providers.ApnsToken,
            () => sender.Write("key.p8", ApnsKey.Create().PrivatePem!), () => apple.Ledger.Summarise().Refused.ContainsKey("InvalidProviderToken"));

        await apple.Ledger.WaitForAcceptedAsync(sent, Eventually.Patience);
        Assert.That(apple.Ledger.Requests, Is.EqualTo(apple.Ledger.Accepted + 1), "one push tried it, and went by the old key");
        Assert.That(sender.Bus.DeadLettered, Is.Empty);
    }

    [Test]
    public async Task A_service_account_of_Google_that_is_refused_changes_nothing_and_a_good_one_is_taken()
    {
        await using var google = await FakeFcm.StartAsync();
        await using var sender = await PrepareAsync(FcmSender.Program.Build, one => one.Use(google));
        await sender.RunAsync();
        var stranger = ServiceAccount.Create(google.Account.ProjectId).KeyFile(google.TokenEndpoint);

        var sent = await PushUntilAsync(sender, Provider.Firebase, Providers.FcmToken, () => sender.Write("account.json", stranger), () => TokenRequests(google) >= 2);
        // The same account, written otherwise: new content all the same.
        var again = JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(google.ServiceAccountJson));
        sent += await PushUntilAsync(sender, Provider.Firebase, Providers.FcmToken, () => sender.Write("account.json", again), () => TokenRequests(google) >= 3);

        await google.Ledger.WaitForAcceptedAsync(sent, Eventually.Patience);
        Assert.That(sender.Bus.DeadLettered, Is.Empty);
    }

    [Test]
    public async Task Another_service_account_of_Google_is_taken_while_pushes_flow_and_a_strangers_after_it_is_not()
    {
        var (next, stranger) = (ServiceAccount.Create(), ServiceAccount.Create());
        await using var google = await FakeFcm.StartAsync(new FakeFcmOptions { OtherAccounts = [next] });
        await using var sender = await PrepareAsync(FcmSender.Program.Build, one => one.Use(google));
        await sender.RunAsync();

        var sent = await PushUntilAsync(sender, Provider.Firebase, Providers.FcmToken,
            () => sender.Write("account.json", next.KeyFile(google.TokenEndpoint)), () => AccountsThatAsked(google)[^1] == next.KeyId);
        // Which account is in use shows when an access token is needed.
        sent += await PushUntilAsync(sender, Provider.Firebase, Providers.FcmToken, google.RevokeAccessTokens, () => TokenRequests(google) == 3);
        sent += await PushUntilAsync(sender, Provider.Firebase, Providers.FcmToken,
            () => sender.Write("account.json", stranger.KeyFile(google.TokenEndpoint)), () => AccountsThatAsked(google)[^1] == stranger.KeyId);
        sent += await PushUntilAsync(sender, Provider.Firebase, Providers.FcmToken, google.RevokeAccessTokens, () => TokenRequests(google) == 5);

        await google.Ledger.WaitForAcceptedAsync(sent, Eventually.Patience);
        Assert.That(AccountsThatAsked(google), Is.EqualTo(new[] { google.Account.KeyId, next.KeyId, next.KeyId, stranger.KeyId, next.KeyId }));
        Assert.That(sender.Bus.DeadLettered, Is.Empty);
    }

    [Test]
    public async Task Another_secret_of_Huawei_is_shown_to_the_token_endpoint_before_it_is_used()
    {
        await using var huawei = await FakeHms.StartAsync();
        await using var sender = await PrepareAsync(HuaweiSender.Program.Build, one => one.Use(huawei));
        await sender.RunAsync();

        var sent = await PushUntilAsync(sender, Provider.Huawei, Providers.HmsToken,
            () => sender.Write("secret", "wrong"), () => huawei.Ledger.Received.Count(request => request.Path.Contains("oauth2", StringComparison.Ordinal)) >= 2);

        await huawei.Ledger.WaitForAcceptedAsync(sent, Eventually.Patience);
        Assert.That(sender.Bus.DeadLettered, Is.Empty);
    }

    [TestCase("V3", "/v3/")]
    [TestCase("V2", "/v2/")]
    public async Task A_service_account_of_Huawei_signs_its_own_tokens(string version, string path)
    {
        await using var huawei = await FakeHms.StartAsync();
        await using var sender = await PrepareAsync(HuaweiSender.Program.Build, one => one.Use(huawei));
        sender.Settings.Remove("Huawei:AppId");
        sender.Settings.Remove("Huawei:AppSecretFile");
        sender.Settings["Huawei:Version"] = version;
        sender.Settings["Huawei:ServiceAccount"] = huawei.ServiceAccountJson;
        await sender.RunAsync();

        await sender.Bus.PushAsync(SenderUnderTest.Push(Provider.Huawei, Providers.HmsToken()));

        var request = (await huawei.Ledger.WaitForAcceptedAsync(1, Eventually.Patience))[0];
        Assert.That(request.Path, Does.StartWith(path));
        Assert.That(huawei.Ledger.Received, Has.Count.EqualTo(1), "no token was asked for");
    }

    private static int TokenRequests(FakeFcm google) => google.Ledger.Received.Count(request => request.Path == "/token");

    // By the key that signed the assertion.
    private static List<string?> AccountsThatAsked(FakeFcm google) =>
        [.. google.Ledger.Received.Where(request => request.Path == "/token").Select(request => KeyIdOf(request.BodyText.Split("assertion=")[1]))];

    private static async Task<SenderUnderTest> PrepareAsync(Func<string[], WebApplication> build, Action<SenderUnderTest> configure)
    {
        var sender = await SenderUnderTest.PrepareAsync(build);
        configure(sender);
        sender.Settings["Delivery:CredentialLookSeconds"] = "1";
        return sender;
    }

    // Pushes one after the other, before the change and until it has shown; gives their number.
    private static async Task<int> PushUntilAsync(SenderUnderTest sender, string provider, Func<string> token, Action change, Func<bool> hasShown)
    {
        var sent = new List<EncryptedPush>();
        await PushOneAsync();
        change();
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await PushOneAsync();
                return hasShown();
            },
            TimeSpan.FromSeconds(60),
            "the change was seen");
        await PushOneAsync();
        return sent.Count;

        async Task PushOneAsync()
        {
            var push = SenderUnderTest.Push(provider, token());
            sent.Add(push);
            await sender.Bus.PushAsync(push);
            await Eventually.BecomesTrueAsync(() => sender.Bus.Accepted.Any(report => report.PushId == push.PushId), what: "it was taken");
        }
    }

    private static string Json(ApnsKey key) => JsonSerializer.Serialize(new { team_id = key.TeamId, key_id = key.KeyId, private_key = key.PrivatePem });

    private static string? KeyIdOf(ReceivedRequest request) => KeyIdOf(request.Header("authorization")!.Split(' ')[1]);

    private static string? KeyIdOf(string jwt)
    {
        using var json = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(jwt.Split('.')[0]));
        return json.RootElement.GetProperty("kid").GetString();
    }
}
