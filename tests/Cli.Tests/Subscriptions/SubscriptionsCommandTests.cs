using Cli.Tests.Support;
using SubscriptionApi.Tests.Support;

namespace Cli.Tests.Subscriptions;

/// <summary><c>sotto subscriptions</c> on the tables of a running SubscriptionApi.</summary>
public sealed class SubscriptionsCommandTests
{
    private const int CountOfApns = 3;

    private ApiUnderTest _api = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _api = await ApiUnderTest.StartedAsync();
        for (var i = 1; i <= CountOfApns + 1; i++)
            await InsertAsync(i, i <= CountOfApns ? "apns" : "firebase");
    }

    [TearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [Test]
    public async Task Counting_tells_of_each_provider_and_the_total()
    {
        var counts = (await TypesAsync("count", "--json")).Json;
        var lines = await TypesAsync("count");

        Assert.That(counts.GetProperty("total").GetInt32(), Is.EqualTo(CountOfApns + 1));
        Assert.That(counts.GetProperty("providers")[0].GetProperty("count").GetInt32(), Is.EqualTo(CountOfApns));
        Assert.That(lines.Output, Does.Contain("apns").And.Contain("total"));
    }

    [Test]
    public async Task A_list_holds_no_account_no_token_and_no_key()
    {
        var lines = await TypesAsync("list");
        var json = await TypesAsync("list", "--json");
        var one = await TypesAsync("show", json.Json[0].Text("id"));

        foreach (var secret in (string[])["0101010101", "AQEBAQ", "0707070707", "BwcHBw", "0808080808", "CAgICA"])
            Assert.That(lines.Output + json.Output + one.Output, Does.Not.Contain(secret));
        Assert.That(json.Json.GetArrayLength(), Is.EqualTo(CountOfApns + 1));
        Assert.That(one.Output, Does.Contain("namespaces   -11,0"));
    }

    [Test]
    public async Task A_list_is_of_those_that_were_asked_for()
    {
        Assert.That((await TypesAsync("list", "--provider", "firebase", "--json")).Json.GetArrayLength(), Is.EqualTo(1));
        Assert.That((await TypesAsync("list", "--account", Account(2), "--json")).Json.GetArrayLength(), Is.EqualTo(1));
        Assert.That((await TypesAsync("list", "--renewed-before", "2001-01-01T00:00Z", "--json")).Json.GetArrayLength(), Is.Zero);
        Assert.That((await TypesAsync("list", "--limit", "2", "--json")).Json.GetArrayLength(), Is.EqualTo(2));
        Assert.That((await TypesAsync("list", "--account", "05ab")).Error, Does.Contain("66 hex digits"));
    }

    [Test]
    public async Task Removing_withdraws_what_is_named_and_only_when_told_twice()
    {
        await using var listener = await ChangeListener.StartAsync(_api);

        var asked = await TypesAsync("remove", "--provider", "apns");
        var nothing = await TypesAsync("remove", "--yes");
        var removed = await TypesAsync("remove", "--provider", "apns", "--yes", "--json");

        Assert.That(asked.Output, Does.Contain("This would remove 3"));
        Assert.That((nothing.ExitCode, nothing.Error), Is.EqualTo((1, $"Say which: --id, --account, --provider or --renewed-before.{Environment.NewLine}")));
        Assert.That(removed.Json.GetProperty("removed").GetInt32(), Is.EqualTo(CountOfApns));
        Assert.That((await listener.HearAsync(CountOfApns)).Select(change => (change.Withdrawn, change.Provider)), Has.All.EqualTo((true, "apns")));
        Assert.That(await _api.QueryAsync<long>("SELECT count(*) FROM subscriptions"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_replay_tells_of_every_subscription_as_it_is()
    {
        await using var listener = await ChangeListener.StartAsync(_api);

        var result = (await TypesAsync("replay", "--json")).Json;

        Assert.That(result.GetProperty("replayed").GetInt64(), Is.EqualTo(CountOfApns + 1));
        var heard = await listener.HearAsync(CountOfApns + 1);
        Assert.That(heard.Select(change => change.Revision), Is.EquivalentTo(new[] { 1L, 2L, 3L, 4L }));
        Assert.That(heard.Select(change => change.Withdrawn), Has.All.False);
    }

    [Test]
    public async Task What_is_not_there_is_said_in_a_sentence()
    {
        var result = await TypesAsync("show", Guid.NewGuid().ToString());
        var elsewhere = await Operator.TypesAsync("subscriptions", "count", "--postgres", await TestServers.CreateDatabaseAsync());
        var nowhere = await Operator.TypesAsync("subscriptions", "count", "--rabbitmq", "amqp://127.0.0.1");

        Assert.That((result.ExitCode, result.Error), Is.EqualTo((1, $"There is no subscription of this id.{Environment.NewLine}")));
        Assert.That((elsewhere.ExitCode, elsewhere.Error.Contains("has not the tables", StringComparison.Ordinal)), Is.EqualTo((1, true)), elsewhere.Error);
        Assert.That((nowhere.ExitCode, nowhere.Error.Contains("ConnectionStrings:Postgres", StringComparison.Ordinal)), Is.EqualTo((78, true)), nowhere.Error);
    }

    private static string Account(int number) => $"05{string.Concat(Enumerable.Repeat("01", 31))}{number:x2}";

    private Task<CommandResult> TypesAsync(params string[] arguments) => Operator.TypesAsync(_api, ["subscriptions", .. arguments]);

    private async Task InsertAsync(int number, string provider)
    {
        await using var command = _api.Data.CreateCommand(
            $"""
            INSERT INTO subscriptions (subscription_id, account, session_ed25519, signature, signature_ts, wants_data, namespaces, provider, device_id,
                sealed_device_token, sealed_envelope_key, revision, created_at, renewed_at)
            VALUES (gen_random_uuid(), '\x{Account(number)}', decode(repeat('02', 32), 'hex'), decode(repeat('03', 64), 'hex'), extract(epoch FROM now())::bigint, true,
                ARRAY[-11, 0], '{provider}', decode(repeat('06', 32), 'hex'), decode(repeat('07', 90), 'hex'), decode(repeat('08', 80), 'hex'), {number}, now(), now())
            """);
        await command.ExecuteNonQueryAsync();
    }
}
