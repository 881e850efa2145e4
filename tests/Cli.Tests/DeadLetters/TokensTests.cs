using Cli.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Sotto.Contracts;
using Sotto.FakeApns;
using Sotto.FakePhone;
using Sotto.FakeProvider;
using Sotto.SenderKit;
using Sotto.Sodium;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.DeadLetters;

/// <summary>The life of a device token, from the phone that subscribes with it to the operator who decides on it: the real API, sender and keeper, and a simulated Apple.</summary>
public sealed class TokensTests
{
    // More than enough for the sender to doubt what it is told.
    private const int StrangersCount = 60;

    private ApiUnderTest _api = null!;
    private ChangeListener _changes = null!;
    private FakeApns _apple = null!;
    private SenderUnderTest _sender = null!;
    private WebApplication _keeper = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _apple = await FakeApns.StartAsync();
        _api = await ApiUnderTest.CreateAsync();
        KeyFile.WritePublicKey(Path.Combine(_api.Keys, "apns.pub"), SenderUnderTest.PublicKey);
        await _api.StartAsync();
        _changes = await ChangeListener.StartAsync(_api);
        _keeper = DeadLetterKeeper.KeeperProgram.Build([$"--ConnectionStrings:RabbitMq={_api.Broker.Amqp}", $"--ConnectionStrings:Postgres={_api.Database}", "--Log:Level=Fatal"]);
        await _keeper.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
        _sender = await SenderUnderTest.PrepareAsync(ApnsSender.Program.Build, _api.Broker);
        _sender.Settings["Tls:TrustedCa"] = _sender.Write("ca.pem", _apple.Authority.Pem);
        _sender.Settings["Apns:Endpoint"] = _apple.Endpoint.ToString();
        _sender.Settings["Apns:Topic"] = _apple.Topic;
        _sender.Settings["Apns:KeyFile"] = _sender.Write("key.p8", _apple.Key.PrivatePem!);
        _sender.Settings["Apns:KeyId"] = _apple.Key.KeyId;
        _sender.Settings["Apns:TeamId"] = _apple.Key.TeamId;
        _sender.Settings["Apns:SealingKeyFile"] = _sender.SealingKeyFile();
        _sender.Settings["Delivery:SuspectSeconds"] = "0";
        await _sender.RunAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _sender.DisposeAsync();
        await _keeper.DisposeAsync();
        await _changes.DisposeAsync();
        await _api.DisposeAsync();
        await _apple.DisposeAsync();
    }

    [Test]
    public async Task A_token_that_was_renewed_after_Apple_saw_it_die_lives_and_another_does_not()
    {
        var (renewed, dead) = (FakePhone.Create(), FakePhone.Create());
        var pushes = await SubscribeAsync(renewed, dead);
        _apple.Unregister(renewed.TokenFor("apns"), TimeProvider.System.GetUtcNow().AddHours(-1));
        _apple.Unregister(dead.TokenFor("apns"), TimeProvider.System.GetUtcNow().AddSeconds(1));

        await _sender.Bus.PushAsync(pushes[0]);
        await Eventually.BecomesTrueAsync(() => _sender.Bus.Invalidated.Count == 1, what: "the death of the renewed one was reported");
        await _sender.Bus.PushAsync(pushes[1]);

        Assert.That((await _changes.HearAsync(3))[2], Has.Property("Withdrawn").True.And.Property("DeviceId").EqualTo(pushes[1].DeviceId));
        await Eventually.BecomesTrueAsync(async () => await _sender.Queues.ReadyAsync("subscription-api.invalidated-tokens") == 0, what: "the API has heard of both");
        Assert.That(await SubscribedAsync(), Is.EqualTo(new[] { pushes[0].DeviceId }));
    }

    [Test]
    public async Task Tokens_that_a_wrong_setting_made_look_dead_are_released_and_their_phones_ring()
    {
        var phones = (FakePhone[])[FakePhone.Create(), FakePhone.Create()];
        var pushes = await SubscribeAsync(phones);
        await LookDeadAsync(pushes);

        var quarantined = (await TypesAsync("tokens", "quarantined", "--json")).Json;
        _apple.Faults.Clear();
        var released = (await TypesAsync("tokens", "release", "--provider", "apns", "--reason", "BadDeviceToken", "--json")).Json;

        Assert.That(quarantined[0].GetProperty("devices").GetInt32(), Is.EqualTo(released.GetProperty("released").GetInt32()).And.GreaterThanOrEqualTo(phones.Length));
        await Eventually.BecomesTrueAsync(() => phones.All(phone => _apple.Ledger.AcceptedFor(phone.TokenFor("apns")) == 1), what: "both phones rang");
        Assert.That(await SubscribedAsync(), Has.Count.EqualTo(phones.Length));
        Assert.That((await TypesAsync("tokens", "quarantined", "--json")).Json.GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Tokens_that_are_dead_after_all_are_retired_except_those_renewed_since()
    {
        var (renewed, dead) = (FakePhone.Create(), FakePhone.Create());
        var pushes = await SubscribeAsync(renewed, dead);
        await LookDeadAsync(pushes);
        await renewed.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        var heard = (await _changes.HearAsync(3)).Count;

        var retired = (await TypesAsync("tokens", "retire", "--provider", "apns", "--json")).Json;

        Assert.That(retired.GetProperty("retired").GetInt32(), Is.GreaterThanOrEqualTo(2));
        Assert.That((await _changes.HearAsync(heard + 1))[heard], Has.Property("Withdrawn").True.And.Property("DeviceId").EqualTo(pushes[1].DeviceId));
        await Eventually.BecomesTrueAsync(async () => await _sender.Queues.ReadyAsync("subscription-api.invalidated-tokens") == 0, what: "the API has heard of all");
        Assert.That(await SubscribedAsync(), Is.EqualTo(new[] { pushes[0].DeviceId }));
    }

    // Gives a push for each, to the device as the sender knows it.
    private async Task<IReadOnlyList<EncryptedPush>> SubscribeAsync(params IReadOnlyList<FakePhone> phones)
    {
        var pushes = new List<EncryptedPush>();
        foreach (var phone in phones)
        {
            var answer = await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
            Assert.That(answer.Success, Is.True, answer.Message);
            var change = (await _changes.HearAsync(pushes.Count + 1))[pushes.Count];
            pushes.Add(Push(phone.TokenFor("apns")) with { DeviceId = change.DeviceId, SealedDeviceToken = change.SealedDeviceToken });
        }

        return pushes;
    }

    // As with a wrong topic or environment of ours: Apple says of every token that it is bad.
    private async Task LookDeadAsync(IReadOnlyList<EncryptedPush> pushes)
    {
        _apple.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 400, Body = """{"reason":"BadDeviceToken"}""", Count = 0 });
        await _sender.Bus.PushAsync([.. Enumerable.Range(0, StrangersCount).Select(_ => Push(FakePhone.Create().TokenFor("apns")))]);
        await Eventually.BecomesTrueAsync(() => _sender.Bus.DeadLettered.Count == StrangersCount, what: "the strangers' pushes were dead letters");
        await _sender.Bus.PushAsync(pushes);
        await Eventually.BecomesTrueAsync(
            async () => (await TypesAsync("dead-letters", "list", "--limit", "1000", "--json")).Json.GetArrayLength() == StrangersCount + pushes.Count, what: "all letters were kept");
        Assert.That(await SubscribedAsync(), Has.Count.EqualTo(pushes.Count), "nobody was unsubscribed");
    }

    private static EncryptedPush Push(string token) => SenderUnderTest.Push("apns", token);

    private async Task<IReadOnlyList<byte[]>> SubscribedAsync()
    {
        await using var command = _api.Data.CreateCommand("SELECT device_id FROM subscriptions");
        await using var row = await command.ExecuteReaderAsync();
        var devices = new List<byte[]>();
        while (await row.ReadAsync())
            devices.Add(row.GetFieldValue<byte[]>(0));
        return devices;
    }

    private Task<CommandResult> TypesAsync(params string[] arguments) => Operator.TypesAsync(_api, arguments);
}
