using System.Text.Json.Nodes;
using Npgsql;
using Sotto.FakePhone;
using Sotto.Sodium;
using SubscriptionApi.Tests.Support;
using SubscriptionApi.Tests.Vectors;

namespace SubscriptionApi.Tests.Storage;

public sealed class SubscriptionStoreTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);

    private readonly SetClock _clock = new(Now);

    private ApiUnderTest _api = null!;

    [SetUp]
    public async Task Start()
    {
        _clock.Now = Now;
        _api = await ApiUnderTest.StartedAsync(_clock);
    }

    [TearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task A_row_holds_what_was_signed_and_only_seals_of_what_is_secret()
    {
        var phone = FakePhone.Create(SessionAccount.Create().Subaccount()).At(_clock);
        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [-1, 0, 5], wantData: false);

        await using var command = _api.Data.CreateCommand("SELECT * FROM subscriptions");
        await using var row = await command.ExecuteReaderAsync();
        Assert.That(await row.ReadAsync(), Is.True);

        Assert.That(row["account"], Is.EqualTo(phone.Account.Id));
        Assert.That(row["session_ed25519"], Is.EqualTo(phone.Account.SessionEd25519));
        Assert.That(row["subaccount_token"], Is.EqualTo(phone.Account.SubaccountToken));
        Assert.That(row["subaccount_signature"], Is.EqualTo(phone.Account.SubaccountSignature));
        Assert.That(row["signature_ts"], Is.EqualTo(Now.ToUnixTimeSeconds()));
        Assert.That(row["namespaces"], Is.EqualTo(new short[] { -1, 0, 5 }));
        Assert.That(row["wants_data"], Is.False);
        Assert.That(row["provider"], Is.EqualTo("apns"));
        Assert.That(row["created_at"], Is.EqualTo(Now.UtcDateTime));
        Assert.That(row["renewed_at"], Is.EqualTo(Now.UtcDateTime));
        Assert.That(_api.Providers.OpenToken("apns", (byte[])row["sealed_device_token"]), Is.EqualTo(phone.TokenFor("apns")));
        Assert.That(SealedBox.TryOpen((byte[])row["sealed_envelope_key"], _api.Encryptor, out var key), Is.True);
        Assert.That(key, Is.EqualTo(phone.EnvelopeKey.ToArray()));
        Assert.That(await row.ReadAsync(), Is.False);
    }

    [Test]
    public async Task A_renewal_replaces_everything_but_the_name_and_the_birth()
    {
        var account = SessionAccount.Create();
        var first = FakePhone.Create(account.Subaccount(), seed: 1).At(_clock);
        await first.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        var id = await _api.QueryAsync<Guid>("SELECT subscription_id FROM subscriptions");
        var revision = await _api.QueryAsync<long>("SELECT revision FROM subscriptions");

        _clock.Now += TimeSpan.FromHours(1);
        var second = FakePhone.Create(account, seed: 1).At(_clock).WithEnvelopeKey(new byte[32]);
        Assert.That((await second.SubscribeAsync(_api.Http, _api.Address, "apns", [0, 1], wantData: false)).Updated, Is.True);

        Assert.That(await _api.QueryAsync<Guid>("SELECT subscription_id FROM subscriptions"), Is.EqualTo(id));
        Assert.That(await _api.QueryAsync<long>("SELECT revision FROM subscriptions"), Is.GreaterThan(revision));
        Assert.That(await _api.QueryAsync<bool>("SELECT subaccount_token IS NULL AND subaccount_signature IS NULL AND NOT wants_data FROM subscriptions"), Is.True);
        Assert.That(await _api.QueryAsync<short[]>("SELECT namespaces FROM subscriptions"), Is.EqualTo(new short[] { 0, 1 }));
        Assert.That(await _api.QueryAsync<DateTime>("SELECT created_at FROM subscriptions"), Is.EqualTo(Now.UtcDateTime));
        Assert.That(await _api.QueryAsync<DateTime>("SELECT renewed_at FROM subscriptions"), Is.EqualTo(_clock.Now.UtcDateTime));
        SealedBox.TryOpen(await _api.QueryAsync<byte[]>("SELECT sealed_envelope_key FROM subscriptions"), _api.Encryptor, out var key);
        Assert.That(key, Is.EqualTo(new byte[32]));
    }

    [Test]
    public async Task A_renewal_with_an_older_signature_is_taken_and_ages_the_row()
    {
        var phone = FakePhone.Create(seed: 7);
        await phone.At(_clock).SubscribeAsync(_api.Http, _api.Address, "apns", [0]);

        var older = await phone.At(new SetClock(Now - TimeSpan.FromDays(3))).SubscribeAsync(_api.Http, _api.Address, "apns", [0]);

        Assert.That(older.Updated, Is.True);
        Assert.That(await _api.QueryAsync<long>("SELECT signature_ts FROM subscriptions"), Is.EqualTo((Now - TimeSpan.FromDays(3)).ToUnixTimeSeconds()));
    }

    [Test]
    public async Task Twenty_clients_with_the_same_wish_make_one_row_and_all_succeed()
    {
        for (var round = 0; round < 5; round++)
        {
            var phone = FakePhone.Create().At(_clock);
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0])));

            Assert.That(answers.Count(answer => answer.Success), Is.EqualTo(20));
            Assert.That(answers.Count(answer => answer.Added), Is.EqualTo(1));
            Assert.That(answers.Count(answer => answer.Updated), Is.EqualTo(19));
            Assert.That(await _api.QueryAsync<long>($"SELECT count(*) FROM subscriptions WHERE account = '\\x{phone.Account.Hex}'"), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Subscribing_and_unsubscribing_at_once_never_fails()
    {
        var phone = FakePhone.Create().At(_clock);
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(number => number % 2 == 0
            ? phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0])
            : phone.UnsubscribeAsync(_api.Http, _api.Address, "apns")));

        Assert.That(answers.All(answer => answer.Success), Is.True);
        var left = answers.Count(answer => answer.Added) - answers.Count(answer => answer.Removed);
        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.EqualTo(left));
    }

    [Test]
    public async Task Anyone_who_may_read_the_account_may_end_a_subscription()
    {
        var group = SessionAccount.CreateGroup();
        var admin = FakePhone.Create(group, seed: 3).At(_clock);
        await admin.SubscribeAsync(_api.Http, _api.Address, "apns", [11]);

        var member = FakePhone.Create(group.Subaccount(SessionAccount.Rights.Read), seed: 3).At(_clock);
        Assert.That((await member.UnsubscribeAsync(_api.Http, _api.Address, "apns")).Removed, Is.True);
        Assert.That((await admin.UnsubscribeAsync(_api.Http, _api.Address, "apns")).Removed, Is.False);
    }

    [Test]
    public async Task One_device_has_a_subscription_for_each_account_and_provider()
    {
        var phone = FakePhone.Create().At(_clock);
        var other = phone.With(SessionAccount.CreateGroup());
        Assert.That((await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0])).Added, Is.True);
        Assert.That((await phone.SubscribeAsync(_api.Http, _api.Address, "apns-sandbox", [0])).Added, Is.True);
        Assert.That((await other.SubscribeAsync(_api.Http, _api.Address, "apns", [0])).Added, Is.True);

        Assert.That((await phone.UnsubscribeAsync(_api.Http, _api.Address, "apns")).Removed, Is.True);
        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.EqualTo(2));
    }

    [Test]
    public async Task Subscriptions_are_swept_14_days_after_their_signature()
    {
        await FakePhone.Create().At(_clock).SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        await FakePhone.Create().At(new SetClock(Now + TimeSpan.FromSeconds(1))).SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        await _api.StopAsync();

        _clock.Now = Now + TimeSpan.FromDays(14);
        await _api.StartAsync(_clock);

        await Eventually.BecomesTrueAsync(async () => await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions") == 1, what: "one of two was swept");
        Assert.That(await _api.QueryAsync<long>("SELECT signature_ts FROM subscriptions"), Is.EqualTo((Now + TimeSpan.FromSeconds(1)).ToUnixTimeSeconds()));
    }

    [Test]
    public async Task What_ended_is_remembered_for_14_days_even_if_it_was_not_here()
    {
        var phone = FakePhone.Create().At(_clock);
        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        Assert.That((await phone.UnsubscribeAsync(_api.Http, _api.Address, "apns")).Removed, Is.True);
        _clock.Now = Now + TimeSpan.FromSeconds(1);
        var unknown = FakePhone.Create().At(_clock);
        Assert.That((await unknown.UnsubscribeAsync(_api.Http, _api.Address, "apns")).Removed, Is.False);
        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM ended_subscriptions"), Is.EqualTo(2));
        await _api.StopAsync();

        _clock.Now = Now + TimeSpan.FromDays(14);
        await _api.StartAsync(_clock);

        await Eventually.BecomesTrueAsync(async () => await _api.QueryAsync<long>("SELECT count(*) FROM ended_subscriptions") == 1, what: "one of two was forgotten");
        Assert.That(await _api.QueryAsync<byte[]>("SELECT account FROM ended_subscriptions"), Is.EqualTo(unknown.Account.Id));
    }

    [Test]
    public async Task A_database_that_refuses_is_error_4_for_that_item_alone()
    {
        var phone = FakePhone.Create().At(_clock);
        await Execute("ALTER TABLE subscriptions ADD CONSTRAINT no_sandbox CHECK (provider <> 'apns-sandbox')");

        var answers = await _api.PostAsync(
            "/subscribe", new JsonArray(phone.SubscribeRequest("apns", [0]), phone.SubscribeRequest("apns-sandbox", [0]), phone.SubscribeRequest("firebase", [0])).ToJsonString());

        Expected.Success("added", answers[0]);
        Expected.Error(4, answers[1]);
        Expected.Success("added", answers[2]);
        await Eventually.BecomesTrueAsync(async () => await _api.QueryAsync<long>("SELECT count(*) FROM outbox") == 0, what: "the outbox was empty");
        Assert.That(await _api.QueryAsync<decimal>("SELECT sum(value) FROM stats"), Is.EqualTo(2));
    }

    private async Task Execute(string sql)
    {
        await using var command = _api.Data.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
