using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sotto.FakePhone;
using SubscriptionApi.Storage;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Storage;

public sealed class OutboxTests
{
    // The bus waits longer after each failure to connect, and a busy machine longer still.
    private static readonly TimeSpan Reconnection = TimeSpan.FromSeconds(120);

    private ApiUnderTest _api = null!;

    [SetUp]
    public async Task Create()
    {
        _api = await ApiUnderTest.CreateAsync();
        await _api.Providers.StartAsync("apns", "firebase");
    }

    [TearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task The_others_are_told_of_each_change_with_a_growing_revision()
    {
        await _api.StartAsync();
        await using var listener = await ChangeListener.StartAsync(_api);
        var phone = FakePhone.Create(SessionAccount.Create().Subaccount());

        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0], wantData: false);
        await listener.HearAsync(1);
        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [-3, 0]);
        await listener.HearAsync(2);
        await phone.UnsubscribeAsync(_api.Http, _api.Address, "apns");
        var heard = await listener.HearAsync(3);

        Assert.That(heard.Select(change => change.Withdrawn), Is.EqualTo(new[] { false, false, true }));
        Assert.That(heard.Select(change => change.SubscriptionId).Distinct().Count(), Is.EqualTo(1));
        Assert.That(heard.Select(change => change.Revision), Is.Ordered.Ascending.And.Unique);
        Assert.That(heard.Select(change => change.WantsData), Is.EqualTo(new[] { false, true, true }));
        var last = heard[2];
        Assert.That(last.Account, Is.EqualTo(phone.Account.Id));
        Assert.That(last.Provider, Is.EqualTo("apns"));
        Assert.That(last.DeviceId, Has.Length.EqualTo(32));
        Assert.That(last.Namespaces, Is.EqualTo(new short[] { -3, 0 }));
        Assert.That(last.Authorization.SessionEd25519, Is.EqualTo(phone.Account.SessionEd25519));
        Assert.That(last.Authorization.SubaccountToken, Is.EqualTo(phone.Account.SubaccountToken));
        Assert.That(last.Authorization.SubaccountSignature, Is.EqualTo(phone.Account.SubaccountSignature));
        Assert.That(last.Authorization.Signature, Has.Length.EqualTo(64));
        Assert.That(last.ExpiresAt, Is.EqualTo(DateTimeOffset.FromUnixTimeSeconds(last.Authorization.SignedAtSeconds).AddDays(14)));
        Assert.That(_api.Providers.OpenToken("apns", last.SealedDeviceToken), Is.EqualTo(phone.TokenFor("apns")));
    }

    [Test]
    public async Task A_subscription_after_an_unsubscription_is_a_new_one()
    {
        await _api.StartAsync();
        await using var listener = await ChangeListener.StartAsync(_api);
        var phone = FakePhone.Create();

        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        await phone.UnsubscribeAsync(_api.Http, _api.Address, "apns");
        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);

        var heard = await listener.HearAsync(3);
        Assert.That(heard.Select(change => change.SubscriptionId).Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task What_was_committed_before_a_crash_is_published_after_it()
    {
        await _api.StartAsync(WithoutPublisher);
        var phones = Enumerable.Range(0, 10).Select(_ => FakePhone.Create()).ToList();
        foreach (var phone in phones)
            Assert.That((await phone.SubscribeAsync(_api.Http, _api.Address, "firebase", [0])).Added, Is.True);
        await phones[0].UnsubscribeAsync(_api.Http, _api.Address, "firebase");
        Assert.That(await WaitingAsync(), Is.EqualTo(11));
        await _api.StopAsync();

        await _api.StartAsync();

        await using var listener = await ChangeListener.StartAsync(_api);
        var heard = await listener.HearAsync(11);
        Assert.That(heard.Where(change => !change.Withdrawn).Select(change => Convert.ToHexStringLower(change.Account)), Is.EquivalentTo(phones.Select(phone => phone.Account.Hex)));
        await Eventually.BecomesTrueAsync(async () => await WaitingAsync() == 0, what: "the outbox was empty");
        Assert.That(await StatAsync("firebase", "added"), Is.EqualTo(10));
        Assert.That(await StatAsync("firebase", "withdrawn"), Is.EqualTo(1));
    }

    [Test]
    public async Task What_is_committed_while_the_broker_is_away_is_published_when_it_is_back()
    {
        using var link = new CuttableLink(_api.Broker.Amqp);
        _api.BrokerAddress = link.Address;
        await _api.StartAsync(settings: "--Api:ValidationTimeout=00:00:01");
        await using var listener = await ChangeListener.StartAsync(_api);
        var phone = FakePhone.Create();
        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        await listener.HearAsync(1);

        link.Cut();
        await ReplayAsync(times: 300);
        var refused = await FakePhone.Create().SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        Assert.That(refused.Success, Is.False);
        Assert.That(refused.Error, Is.EqualTo(4).Or.EqualTo(3));
        Assert.That(await WaitingAsync(), Is.EqualTo(300));

        link.Mend();
        await listener.HearAsync(301, within: Reconnection);
        await Eventually.BecomesTrueAsync(async () => await WaitingAsync() == 0, what: "the outbox was empty");
        await Eventually.BecomesTrueAsync(
            async () => (await FakePhone.Create().SubscribeAsync(_api.Http, _api.Address, "apns", [0])).Added, Reconnection, "a phone could subscribe again");
    }

    [Test, CancelAfter(120_000)]
    public async Task The_service_ends_while_the_broker_is_away(CancellationToken cancellationToken)
    {
        using var link = new CuttableLink(_api.Broker.Amqp);
        _api.BrokerAddress = link.Address;
        await _api.StartAsync();
        await FakePhone.Create().SubscribeAsync(_api.Http, _api.Address, "apns", [0], cancellationToken: cancellationToken);
        await Eventually.BecomesTrueAsync(async () => await WaitingAsync() == 0, what: "the outbox was empty");
        link.Cut();
        await ReplayAsync(times: 10);

        await _api.StopAsync().WaitAsync(cancellationToken);

        Assert.That(await WaitingAsync(), Is.EqualTo(10));
    }

    [Test]
    public async Task Two_instances_share_the_outbox_and_publish_each_change_once()
    {
        await _api.StartAsync();
        await using var second = Program.Build(_api.Arguments());
        await second.StartAsync();
        await using var listener = await ChangeListener.StartAsync(_api);
        await FakePhone.Create().SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        await listener.HearAsync(1);

        await ReplayAsync(times: 2_000);

        await Eventually.BecomesTrueAsync(async () => await WaitingAsync() == 0, what: "the outbox was empty");
        var heard = await listener.HearAsync(2_001);
        Assert.That(heard, Has.Count.EqualTo(2_001));
        Assert.That(await StatAsync("apns", "renewed"), Is.EqualTo(2_000));
    }

    private static void WithoutPublisher(IServiceCollection services)
    {
        var publisher = services.Single(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType == typeof(OutboxPublisher));
        services.Remove(publisher);
    }

    // As an operator would have all subscriptions told again.
    private Task ReplayAsync(int times) => ExecuteAsync(
        $"""
        INSERT INTO outbox (change, subscription_id, revision, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts,
            wants_data, namespaces, provider, device_id, sealed_device_token, sealed_envelope_key)
        SELECT 'renewed', subscription_id, revision, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts,
            wants_data, namespaces, provider, device_id, sealed_device_token, sealed_envelope_key
        FROM subscriptions, generate_series(1, {times})
        """);

    private Task<long> WaitingAsync() => _api.QueryAsync<long>("SELECT count(*) FROM outbox");

    private Task<long> StatAsync(string provider, string name) => _api.QueryAsync<long>($"SELECT value FROM stats WHERE provider = '{provider}' AND name = '{name}'");

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _api.Data.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
