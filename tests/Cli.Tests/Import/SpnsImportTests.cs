using System.Text.Json;
using Cli.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Sotto.Cli.Import;
using Sotto.Contracts;
using Sotto.FakePhone;
using Sotto.Sodium;
using SubscriptionApi.Storage;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.Import;

/// <summary><c>sotto import spns</c>, from a database of the existing server's schema into a running SubscriptionApi, with a stand-in for the senders.</summary>
public sealed class SpnsImportTests
{
    private const int Hour = 3600;

    private static readonly long Now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private ApiUnderTest _api = null!;
    private SpnsServer _spns = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _api = await ApiUnderTest.StartedAsync();
        _spns = await SpnsServer.CreateAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _spns.DisposeAsync();
        await _api.DisposeAsync();
    }

    [Test]
    public async Task Everything_that_a_client_could_have_asked_for_is_taken_over_and_told_to_the_others()
    {
        await using var listener = await ChangeListener.StartAsync(_api);
        var group = SessionAccount.CreateGroup();
        byte[] key = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];
        await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('a'), Now - Hour, 0, 2, 3) with { EnvelopeKey = key });
        await _spns.StoreAsync(SpnsWish.Of(group, Token('a'), Now - Hour, -11, 11, 12));
        await _spns.StoreAsync(SpnsWish.Of(group.Subaccount(), Token('b'), Now - Hour, 11) with { Service = "firebase" });

        var result = (await ImportAsync()).Json;

        Assert.That((result.GetProperty("read").GetInt64(), result.GetProperty("added").GetInt64(), result.GetProperty("refused").GetInt64()), Is.EqualTo((3L, 3L, 0L)));
        var heard = await listener.HearAsync(3);
        var first = heard.Single(change => change.Namespaces is [0, 2, 3]);
        Assert.That(SealedBox.TryOpen(first.SealedEnvelopeKey, _api.Encryptor, out var opened), Is.True);
        Assert.That(opened, Is.EqualTo(key));
        Assert.That(_api.Providers.OpenToken("apns", first.SealedDeviceToken), Is.EqualTo(Token('a')));
        Assert.That(first.ExpiresAt, Is.EqualTo(DateTimeOffset.FromUnixTimeSeconds(Now - Hour).AddDays(14)));
        Assert.That(heard.Select(change => change.Withdrawn), Has.All.False);
        Assert.That(heard.Single(change => change.Provider == "firebase").Authorization.SubaccountToken, Has.Length.EqualTo(36));
    }

    [Test]
    public async Task Each_row_that_a_client_could_not_have_asked_for_is_refused_by_its_id_and_reason()
    {
        var good = SpnsWish.Of(SessionAccount.Create(), Token('a'), Now - Hour, 0);
        var refused = new Dictionary<long, string>
        {
            [await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('b'), Now - (14 * 24 * Hour), 0))] = "expired",
            [await _spns.StoreAsync(good with { Token = Token('c'), Signature = new byte[64] })] = "Signature verification failed",
            [await _spns.StoreAsync(good with { Token = Token('d'), Namespaces = [1] })] = "Signature verification failed",
            [await _spns.StoreAsync(good with { Token = "short" })] = "the sender refuses the token",
            [await _spns.StoreAsync(good with { Token = Token('e'), EnvelopeKey = new byte[31] })] = "envelope key",
            [await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('f'), Now - Hour))] = "namespace",
        };
        await _spns.StoreAsync(good);
        var report = Path.GetTempFileName();

        var result = await ImportAsync("--report", report);

        Assert.That(result.Json.GetProperty("added").GetInt64(), Is.EqualTo(1));
        var lines = (await File.ReadAllLinesAsync(report)).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToDictionary(line => line.GetProperty("id").GetInt64(), line => line.Text("reason"));
        File.Delete(report);
        Assert.That(lines.Keys, Is.EquivalentTo(refused.Keys));
        foreach (var (id, reason) in refused)
            Assert.That(lines[id], Does.Contain(reason).IgnoreCase);
        Assert.That(result.Output, Does.Not.Contain(Token('a')).And.Not.Contain(good.Account.Hex));
    }

    [Test]
    public async Task A_second_import_adds_nothing_and_takes_over_only_what_was_renewed_there_since()
    {
        var (staying, renewedThere, renewedHere) = (SessionAccount.Create(), SessionAccount.Create(), SessionAccount.Create());
        await _spns.StoreAsync(SpnsWish.Of(staying, Token('a'), Now - (9 * Hour), 0));
        await _spns.StoreAsync(SpnsWish.Of(renewedThere, Token('b'), Now - (9 * Hour), 0));
        await _spns.StoreAsync(SpnsWish.Of(renewedHere, Token('c'), Now - (9 * Hour), 0));
        await ImportAsync();
        await _spns.StoreAsync(SpnsWish.Of(renewedThere, Token('b'), Now - Hour, 0));
        await _spns.StoreAsync(SpnsWish.Of(renewedHere, Token('c'), Now - Hour, 0));
        await SubscribeAsync(SpnsWish.Of(renewedHere, Token('c'), Now, 0, 2));

        var result = (await ImportAsync()).Json;

        Assert.That(
            (result.GetProperty("added").GetInt64(), result.GetProperty("renewed").GetInt64(), result.GetProperty("unchanged").GetInt64()), Is.EqualTo((0L, 1L, 2L)));
        Assert.That(await _api.QueryAsync<long>($"SELECT signature_ts FROM subscriptions WHERE account = '\\x{renewedThere.Hex}'"), Is.EqualTo(Now - Hour));
        Assert.That(await _api.QueryAsync<long>($"SELECT signature_ts FROM subscriptions WHERE account = '\\x{renewedHere.Hex}'"), Is.EqualTo(Now));
    }

    [Test]
    public async Task What_was_changed_there_is_taken_over_without_a_newer_signature_too_unless_a_client_has_come_here()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(number => (byte)number)];
        var (withOtherKey, withOlderSignature, cameHere) = (SessionAccount.Create(), SessionAccount.Create(), SessionAccount.Create());
        var wishes = new[] { SpnsWish.Of(withOtherKey, Token('a'), Now - Hour, 0), SpnsWish.Of(withOlderSignature, Token('b'), Now - Hour, 0), SpnsWish.Of(cameHere, Token('c'), Now - Hour, 0) };
        foreach (var wish in wishes)
            await _spns.StoreAsync(wish);
        await ImportAsync();
        await _spns.StoreAsync(wishes[0] with { EnvelopeKey = key });
        await _spns.StoreAsync(SpnsWish.Of(withOlderSignature, Token('b'), Now - (2 * Hour), 0, 2));
        await SubscribeAsync(wishes[2]);
        await _spns.StoreAsync(wishes[2] with { EnvelopeKey = key });

        var second = (await ImportAsync()).Json;
        var third = (await ImportAsync()).Json;

        Assert.That((second.GetProperty("added").GetInt64(), second.GetProperty("renewed").GetInt64(), second.GetProperty("unchanged").GetInt64()), Is.EqualTo((0L, 2L, 1L)));
        Assert.That((third.GetProperty("renewed").GetInt64(), third.GetProperty("unchanged").GetInt64()), Is.EqualTo((0L, 3L)));
        Assert.That(await EnvelopeKeyAsync(withOtherKey), Is.EqualTo(key));
        Assert.That(await EnvelopeKeyAsync(cameHere), Is.EqualTo(new byte[32]));
        Assert.That(await _api.QueryAsync<short[]>($"SELECT namespaces FROM subscriptions WHERE account = '\\x{withOlderSignature.Hex}'"), Is.EqualTo(new short[] { 0, 2 }));
    }

    [Test]
    public async Task What_ended_here_is_not_brought_back_unless_it_was_signed_anew()
    {
        var phones = Enumerable.Range(0, 5).Select(_ => FakePhone.Create()).ToList();
        var (left, removed, dead, cameBack, unknown) = (phones[0], phones[1], phones[2], phones[3], phones[4]);
        foreach (var phone in phones.Where(phone => phone != unknown))
            await _spns.StoreAsync(WishOf(phone, Now - Hour));
        await ImportAsync();
        await _spns.StoreAsync(WishOf(unknown, Now - Hour));
        foreach (var phone in (FakePhone[])[left, cameBack, unknown])
            Assert.That((await phone.UnsubscribeAsync(_api.Http, _api.Address, "apns")).Success, Is.True);
        Assert.That((await Operator.TypesAsync(_api, "subscriptions", "remove", "--account", removed.Account.Hex, "--yes")).ExitCode, Is.Zero);
        var death = new DeviceTokenInvalidated
        {
            Provider = "apns",
            DeviceId = await _api.QueryAsync<byte[]>($"SELECT device_id FROM subscriptions WHERE account = '\\x{dead.Account.Hex}'"),
            InvalidSince = TimeProvider.System.GetUtcNow(),
            Reason = "Unregistered",
        };
        Assert.That(await _api.Services.GetRequiredService<SubscriptionStore>().WithdrawInvalidatedAsync([death], CancellationToken.None), Is.EqualTo(1));
        await _spns.StoreAsync(WishOf(cameBack, Now + Hour));

        var result = (await ImportAsync()).Json;

        Assert.That(
            (result.GetProperty("added").GetInt64(), result.GetProperty("ended").GetInt64(), result.GetProperty("unchanged").GetInt64()), Is.EqualTo((1L, 4L, 0L)));
        Assert.That(await _api.QueryAsync<byte[]>("SELECT account FROM subscriptions"), Is.EqualTo(cameBack.Account.Id));
    }

    [Test]
    public async Task A_sender_with_another_key_than_the_one_that_is_published_stops_the_import_which_then_goes_on()
    {
        await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('a'), Now - Hour, 0));
        var published = Path.Combine(_api.Keys, "apns.pub");
        var right = await File.ReadAllBytesAsync(published);
        using var other = SealingKeyPair.Generate();
        KeyFile.WritePublicKey(published, other.PublicKey.Span);

        var stopped = await ImportAsync();
        await File.WriteAllBytesAsync(published, right);
        var mended = (await ImportAsync()).Json;

        Assert.That((stopped.ExitCode, stopped.Error.Contains("apns.pub", StringComparison.Ordinal)), Is.EqualTo((1, true)), stopped.Error);
        Assert.That((mended.GetProperty("added").GetInt64(), mended.GetProperty("refused").GetInt64()), Is.EqualTo((1L, 0L)));
        // The stand-in says what the senders say.
        Assert.That(await File.ReadAllTextAsync(Repository.At("libs/Delivery/DeviceTokenValidationConsumer.cs")), Does.Contain(SenderInquiry.Unreadable));
    }

    [Test]
    public async Task An_answer_that_cannot_be_read_stops_the_import()
    {
        await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('a'), Now - Hour, 0));
        _api.Providers.Bend = _ => new DeviceTokenValidated { ErrorCode = 0, DeviceId = [1] };

        var stopped = await ImportAsync();

        Assert.That((stopped.ExitCode, stopped.Output, stopped.Error.Contains("answers cannot be read", StringComparison.Ordinal)), Is.EqualTo((1, "", true)), stopped.Error);
    }

    [Test]
    public async Task A_stopped_import_goes_on_where_it_was()
    {
        var first = await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('a'), Now - Hour, 0));
        await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('b'), Now - Hour, 0));
        var address = new Npgsql.NpgsqlConnectionStringBuilder(_spns.Database);
        await using (var connection = await _api.Data.OpenConnectionAsync())
        {
            var stopped = new OperatorRun($"spns {address.Host}:{address.Port}/{address.Database}", $"{first}", [1, 1, 0, 0, 0], Finished: false);
            await stopped.SaveAsync(connection, transaction: null, CancellationToken.None);
        }

        var result = await ImportAsync();

        Assert.That(result.Error, Does.Contain("Going on where it was stopped"));
        Assert.That(result.Json.GetProperty("read").GetInt64(), Is.EqualTo(2));
        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.EqualTo(1));
    }

    [Test]
    public async Task Rows_of_a_service_that_nobody_serves_stop_the_import_before_it_begins()
    {
        await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('a'), Now - Hour, 0));
        await _spns.StoreAsync(SpnsWish.Of(SessionAccount.Create(), Token('b'), Now - Hour, 0) with { Service = "huawei" });

        var stopped = await ImportAsync();
        var without = await ImportAsync("--skip-service", "huawei");

        Assert.That((stopped.ExitCode, await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions")), Is.EqualTo((1, 1L)));
        Assert.That(stopped.Error, Does.Contain("1 rows are for huawei").And.Contain("--skip-service"));
        Assert.That(without.Json.GetProperty("refused").GetInt64(), Is.EqualTo(1));
    }

    [Test]
    public async Task Moving_by_the_guide_leaves_no_device_without_a_subscription()
    {
        // Step 1: the existing server runs, Sotto runs beside it, and what there is is taken over.
        var phones = Enumerable.Range(0, 40).Select(_ => SessionAccount.Create()).ToList();
        for (var i = 0; i < 30; i++)
            await _spns.StoreAsync(SpnsWish.Of(phones[i], Token('a'), Now - (9 * Hour), 0));
        await ImportAsync();

        // In the meantime clients go on subscribing at the existing server.
        for (var i = 25; i < 35; i++)
            await _spns.StoreAsync(SpnsWish.Of(phones[i], Token('a'), Now - Hour, 0));

        // Step 2: the address is switched to Sotto. Step 3: what came in between is taken over.
        for (var i = 20; i < 40; i += 2)
            await SubscribeAsync(SpnsWish.Of(phones[i], Token('a'), Now, 0));
        var second = (await ImportAsync()).Json;

        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.EqualTo(40 - 3), "three of the last five never asked anybody");
        Assert.That(await _api.QueryAsync<long>($"SELECT count(*) FROM subscriptions WHERE signature_ts = {Now}"), Is.EqualTo(10), "who came to Sotto is left alone");
        Assert.That(second.GetProperty("refused").GetInt64(), Is.Zero);
        foreach (var (phone, i) in phones.Take(35).Select((phone, i) => (phone, i)))
        {
            var signedAt = await _api.QueryAsync<long>($"SELECT signature_ts FROM subscriptions WHERE account = '\\x{phone.Hex}'");
            Assert.That(signedAt, Is.EqualTo(i is >= 20 and < 40 && i % 2 == 0 ? Now : i >= 25 ? Now - Hour : Now - (9 * Hour)), $"phone {i}");
        }
    }

    private static string Token(char digit) => new(digit, 64);

    private static SpnsWish WishOf(FakePhone phone, long signedAtSeconds) => SpnsWish.Of(phone.Account, phone.TokenFor("apns"), signedAtSeconds, 0);

    private async Task<byte[]?> EnvelopeKeyAsync(SessionAccount account)
    {
        var box = await _api.QueryAsync<byte[]>($"SELECT sealed_envelope_key FROM subscriptions WHERE account = '\\x{account.Hex}'");
        return SealedBox.TryOpen(box, _api.Encryptor, out var key) ? key : null;
    }

    private Task<CommandResult> ImportAsync(params string[] more) =>
        Operator.TypesAsync(_api, ["import", "spns", "--from", _spns.Database, "--folder", _api.Keys, "--json", .. more]);

    private async Task SubscribeAsync(SpnsWish wish)
    {
        var body = JsonSerializer.Serialize(new
        {
            pubkey = wish.Account.Hex,
            session_ed25519 = Convert.ToHexString(wish.Account.SessionEd25519!),
            namespaces = wish.Namespaces,
            data = true,
            sig_ts = wish.SignedAtSeconds,
            signature = Convert.ToBase64String(wish.Signature),
            service = wish.Service,
            service_info = new { token = wish.Token },
            enc_key = Convert.ToHexString(wish.EnvelopeKey),
        });
        var answer = await _api.PostAsync("/subscribe", body);
        Assert.That(answer.TryGetProperty("success", out _), Is.True, answer.ToString());
    }
}
