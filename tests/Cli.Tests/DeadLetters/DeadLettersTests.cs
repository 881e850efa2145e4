using Cli.Tests.Support;
using DeadLetterKeeper;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;

namespace Cli.Tests.DeadLetters;

/// <summary>The DeadLetterKeeper, and <c>sotto dead-letters</c> and <c>sotto tokens</c> on what it keeps, with a real broker and a real database.</summary>
public sealed class DeadLettersTests
{
    private TestBroker _broker = null!;
    private string _database = "";
    private TcpProxy _wire = null!;
    private WebApplication _keeper = null!;
    private IBusControl _bus = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _broker = await TestServers.CreateBrokerAsync();
        _database = await TestServers.CreateDatabaseAsync();
        var wired = new Npgsql.NpgsqlConnectionStringBuilder(_database);
        _wire = new TcpProxy("127.0.0.1", wired.Port);
        wired.Port = _wire.Port;
        _keeper = KeeperProgram.Build([$"--ConnectionStrings:RabbitMq={_broker.Amqp}", $"--ConnectionStrings:Postgres={wired.ConnectionString}", "--Log:Level=Fatal"]);
        await _keeper.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
        _bus = Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.Host(_broker.Amqp));
        await _bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _bus.StopAsync();
        await _keeper.DisposeAsync();
        await _wire.DisposeAsync();
    }

    [Test]
    public async Task Letters_are_kept_listed_and_filtered_without_a_secret()
    {
        await DieAsync(Letter("apns", "PAYLOAD_BAD", "PayloadTooLarge"), Letter("apns", "TOKEN_DEAD", "Unregistered"), Letter("firebase", "RETRY_LATER", "UNAVAILABLE"));
        await WaitingAsync(3);

        Assert.That((await TypesAsync("dead-letters", "list", "--provider", "apns", "--json")).Json.GetArrayLength(), Is.EqualTo(2));
        Assert.That((await TypesAsync("dead-letters", "list", "--app", "app-of-firebase", "--json")).Json.GetArrayLength(), Is.EqualTo(1));
        Assert.That((await TypesAsync("dead-letters", "list", "--reason", "payload_bad", "--json")).Json.GetArrayLength(), Is.EqualTo(1));
        Assert.That((await TypesAsync("dead-letters", "list", "--older-than", "01:00:00", "--json")).Json.GetArrayLength(), Is.Zero);
        var list = await TypesAsync("dead-letters", "list", "--json");
        Assert.That(list.Output, Does.Not.Contain("BwcH").And.Not.Contain("CAgI").And.Not.Contain("0707"));
        Assert.That((await TypesAsync("dead-letters", "show", list.Json[0].Text("pushId"))).Output, Does.Contain("PayloadTooLarge").And.Contain("attempt      2026-01-02 03:04:05Z  RETRY_LATER status 503"));
    }

    [Test]
    public async Task A_letter_that_comes_while_the_database_is_away_is_kept_when_it_is_back()
    {
        await using var probe = await QueueProbe.ConnectAsync(_broker.Amqp);
        _wire.Cut();
        await DieAsync(Letter("apns", "PAYLOAD_BAD", "x"));
        await Eventually.BecomesTrueAsync(async () => await probe.CountAsync(BusTopology.DeadLetters) == 0, what: "the keeper had the letter in hand");
        // Whoever tries but once has tried by then.
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None);

        _wire.Mend();

        await WaitingAsync(1);
    }

    [Test]
    public async Task A_replay_puts_each_push_back_once_and_is_audited()
    {
        var (good, expired) = (Letter("apns", "RETRY_LATER", "x"), Letter("apns", "RETRY_LATER", "x", TimeSpan.FromMinutes(-1)));
        await DieAsync(good, expired, Letter("firebase", "RETRY_LATER", "x"));
        await WaitingAsync(3);

        var refused = await TypesAsync("dead-letters", "replay");
        var first = (await TypesAsync("dead-letters", "replay", "--provider", "apns", "--json")).Json;
        var second = (await TypesAsync("dead-letters", "replay", "--provider", "apns", "--json")).Json;

        Assert.That((refused.ExitCode, refused.Error.Contains("--all", StringComparison.Ordinal)), Is.EqualTo((1, true)));
        Assert.That((first.GetProperty("replayed").GetInt32(), first.GetProperty("discarded").GetInt32()), Is.EqualTo((1, 1)));
        Assert.That(second.GetProperty("replayed").GetInt32(), Is.Zero);
        await WaitingAsync(1);
        var heard = await HearAsync<EncryptedPush>(Provider.PushQueue("apns"));
        Assert.That(heard.Select(push => (push.PushId, push.Attempt)), Is.EqualTo(new[] { (good.PushId, 0) }));
        var states = (await TypesAsync("dead-letters", "list", "--provider", "apns", "--settled", "--json")).Json.EnumerateArray().ToDictionary(letter => letter.Text("pushId"), letter => letter.Text("state"));
        Assert.That((states[good.PushId.ToString()], states[expired.PushId.ToString()]), Is.EqualTo(("replayed", "discarded")));
        foreach (var action in (string[])["replay", "discard"])
            Assert.That(await CountAsync($"SELECT letters::bigint FROM dead_letters.audit WHERE action = '{action}'"), Is.EqualTo(1), action);
    }

    [Test]
    public async Task Discarded_letters_wait_no_more()
    {
        await DieAsync(Letter("apns", "PAYLOAD_BAD", "x"), Letter("firebase", "PAYLOAD_BAD", "x"));
        await WaitingAsync(2);

        Assert.That((await TypesAsync("dead-letters", "discard", "--all", "--json")).Json.GetProperty("discarded").GetInt32(), Is.EqualTo(2));
        await WaitingAsync(0);
        var settled = (await TypesAsync("dead-letters", "list", "--settled", "--json")).Json;
        Assert.That(settled.EnumerateArray().Select(letter => letter.Text("state")), Is.EqualTo(new[] { "discarded", "discarded" }));
        Assert.That(await CountAsync("SELECT letters::bigint FROM dead_letters.audit WHERE action = 'discard'"), Is.EqualTo(2));
    }

    [Test]
    public async Task Tokens_whose_death_was_doubted_are_released_or_retired()
    {
        await DieAsync(
            Letter("apns", "TOKEN_DEAD", "doubted: BadDeviceToken"),
            Letter("apns", "TOKEN_DEAD", "doubted: BadDeviceToken", TimeSpan.FromMinutes(-1)),
            Letter("firebase", "TOKEN_DEAD", "doubted: SENDER_ID_MISMATCH"),
            Letter("apns", "TOKEN_DEAD", "Unregistered"));
        await WaitingAsync(4);

        var quarantined = (await TypesAsync("tokens", "quarantined", "--json")).Json;
        var ofAnotherApp = (await TypesAsync("tokens", "release", "--provider", "apns", "--app", "app-of-firebase", "--json")).Json;
        var released = (await TypesAsync("tokens", "release", "--provider", "apns", "--app", "app-of-apns", "--json")).Json;
        var retired = (await TypesAsync("tokens", "retire", "--provider", "firebase", "--json")).Json;

        Assert.That(
            quarantined.EnumerateArray().Select(one => (one.Text("provider"), one.Text("app"), one.GetProperty("devices").GetInt64())),
            Is.EqualTo(new[] { ("apns", "app-of-apns", 1L), ("firebase", "app-of-firebase", 1L) }));
        Assert.That(ofAnotherApp.GetProperty("released").GetInt32(), Is.Zero);
        Assert.That(released.GetProperty("expired").GetInt32(), Is.EqualTo(1));
        Assert.That((released.GetProperty("released").GetInt32(), retired.GetProperty("retired").GetInt32()), Is.EqualTo((1, 1)));
        Assert.That(await HearAsync<EncryptedPush>(Provider.PushQueue("apns")), Has.Count.EqualTo(1));
        Assert.That((await HearAsync<DeviceTokenInvalidated>(BusTopology.ApiInvalidatedTokens)).Single().Provider, Is.EqualTo("firebase"));
        await WaitingAsync(1);
    }

    private static PushDeadLettered Letter(string provider, string outcome, string reason, TimeSpan? lifetime = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var push = new EncryptedPush
        {
            PushId = Guid.NewGuid(),
            Provider = provider,
            DeviceId = [.. Enumerable.Repeat((byte)6, 32)],
            SealedDeviceToken = [.. Enumerable.Repeat((byte)7, 90)],
            Payload = [.. Enumerable.Repeat((byte)8, 300)],
            ExpiresAt = now + (lifetime ?? TimeSpan.FromHours(1)),
            Attempt = 3,
        };
        return new PushDeadLettered
        {
            PushId = push.PushId,
            Provider = provider,
            App = $"app-of-{provider}",
            Outcome = outcome,
            Reason = reason,
            Attempts = 3,
            History = [new PushAttempt { At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), Outcome = "RETRY_LATER", Reason = "status 503" }],
            DeadLetteredAt = now,
            Push = push,
        };
    }

    private async Task DieAsync(params PushDeadLettered[] letters)
    {
        var endpoint = await _bus.GetSendEndpoint(new Uri($"exchange:{BusTopology.PushDeadLettered}"));
        await endpoint.Send(new Frame<PushDeadLettered> { Items = letters });
    }

    private Task WaitingAsync(int count) => Eventually.BecomesTrueAsync(
        async () => (await TypesAsync("dead-letters", "list", "--json")).Json.GetArrayLength() == count, what: $"{count} letters waited");

    private Task<CommandResult> TypesAsync(params string[] arguments) => Operator.TypesAsync([.. arguments, "--rabbitmq", _broker.Amqp.ToString(), "--postgres", _database]);

    // What waits in a queue now.
    private async Task<List<T>> HearAsync<T>(string queue)
        where T : class
    {
        await using var broker = new Broker(_broker.Amqp, "test");
        var items = new List<T>();
        await broker.WithChannelAsync(
            async channel =>
            {
                while (await channel.BasicGetAsync(queue, autoAck: true) is { } message)
                    items.AddRange(WireFrame.Items<T>(message.Body.Span));
            },
            CancellationToken.None);
        return items;
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var data = Npgsql.NpgsqlDataSource.Create(_database);
        await using var command = data.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
