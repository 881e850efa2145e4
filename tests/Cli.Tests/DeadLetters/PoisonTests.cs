using System.Text;
using Cli.Tests.Support;
using DeadLetterKeeper;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using RabbitMQ.Client;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Cli.Tests.DeadLetters;

/// <summary>Bus messages that no consumer can take: kept as they are after bounded attempts, their neighbours unharmed, and <c>sotto dead-letters poison</c> on them.</summary>
public sealed class PoisonTests
{
    private TestBroker _broker = null!;
    private string _database = "";
    private WebApplication _keeper = null!;
    private Broker _line = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _broker = await TestServers.CreateBrokerAsync();
        _database = await TestServers.CreateDatabaseAsync();
        _keeper = KeeperProgram.Build([$"--ConnectionStrings:RabbitMq={_broker.Amqp}", $"--ConnectionStrings:Postgres={_database}", "--Log:Level=Fatal"]);
        await _keeper.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
        _line = new Broker(_broker.Amqp, "test");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _line.DisposeAsync();
        await _keeper.DisposeAsync();
    }

    [Test]
    public async Task What_cannot_be_read_ends_there_with_a_reason_and_its_neighbours_go_on()
    {
        await SendAsync("{ this is no JSON"u8.ToArray());
        await SendAsync(Encoding.UTF8.GetBytes("""{"messageType":["urn:message:Sotto.Contracts.V9:Letter"],"message":{}}"""));
        await SendAsync(Encoding.UTF8.GetBytes("""{"messageType":["urn:message:Sotto.Contracts:Frame[[Sotto.Contracts:PushDeadLettered]]"],"message":{"items":7}}"""));
        await SendAsync(new byte[FrameLimits.WireBytesMax + 1]);
        await DieAsync([Letter()]);

        await PoisonedAsync(4);
        var list = (await TypesAsync("list", "--json")).Json;
        Assert.That(
            list.EnumerateArray().Select(one => (one.Text("queue"), one.Text("reason"))),
            Is.EquivalentTo(new[]
            {
                (BusTopology.DeadLetters, "delivery_limit: not JSON"),
                (BusTopology.DeadLetters, "delivery_limit: unknown kind or version"),
                (BusTopology.DeadLetters, "delivery_limit: not taken: Frame[[Sotto.Contracts:PushDeadLettered]]"),
                (BusTopology.DeadLetters, "delivery_limit: oversize"),
            }));
        await KeptAsync(1);
    }

    [Test]
    public async Task One_bad_item_among_sixty_three_good_ones_ends_there_alone()
    {
        var bad = Letter();
        bad = bad with { Push = bad.Push with { DeviceId = null! } };

        await DieAsync([.. Enumerable.Range(0, FrameLimits.ItemsMax - 1).Select(_ => Letter()).Append(bad)]);

        await PoisonedAsync(1);
        await KeptAsync(FrameLimits.ItemsMax - 1);
        var number = (await TypesAsync("list", "--json")).Json[0].GetProperty("id").GetInt64();
        Assert.That((await TypesAsync("show", $"{number}")).Output, Does.Contain("a dead letter without its push").And.Contain("dead-letters").And.Not.Contain("CAgI"));
    }

    [Test]
    public async Task A_replay_puts_the_untouched_bytes_back_where_they_came_from_once_and_is_audited()
    {
        byte[] body = [0, 1, 2, 255];
        await SetAsideAsync(BusTopology.Encryptor, body);
        await SetAsideAsync("gone", body);
        await PoisonedAsync(2);

        var refused = await TypesAsync("replay");
        var first = (await TypesAsync("replay", "--queue", BusTopology.Encryptor, "--json")).Json;
        var second = (await TypesAsync("replay", "--queue", BusTopology.Encryptor, "--json")).Json;
        var nowhere = await TypesAsync("replay", "--queue", "gone");

        Assert.That((refused.ExitCode, refused.Error.Contains("--all", StringComparison.Ordinal)), Is.EqualTo((1, true)));
        Assert.That((first.GetProperty("replayed").GetInt32(), second.GetProperty("replayed").GetInt32()), Is.EqualTo((1, 0)));
        Assert.That((nowhere.ExitCode, nowhere.Error.Contains("gone is not there", StringComparison.Ordinal)), Is.EqualTo((1, true)), nowhere.Error);
        await _line.WithChannelAsync(
            async channel =>
            {
                var back = await channel.BasicGetAsync(BusTopology.Encryptor, autoAck: true);
                Assert.That(back!.Body.ToArray(), Is.EqualTo(body));
                Assert.That((back.BasicProperties.ContentType, back.BasicProperties.MessageId), Is.EqualTo(("application/x-test", "m-1")));
                Assert.That(Encoding.UTF8.GetString((byte[])back.BasicProperties.Headers!["mine"]!), Is.EqualTo("kept"));
                Assert.That(back.BasicProperties.Headers!.Keys, Has.None.StartsWith("sotto-poison"));
                Assert.That(await channel.BasicGetAsync(BusTopology.Encryptor, autoAck: true), Is.Null);
            },
            CancellationToken.None);
        Assert.That(await CountAsync("SELECT count(*) FROM dead_letters.audit WHERE action = 'replay-poison' AND letters = 1"), Is.EqualTo(1));
        await PoisonedAsync(1);
    }

    [Test]
    public async Task What_is_replayed_too_early_is_poison_again_and_nothing_loops()
    {
        await SendAsync("{ this is no JSON"u8.ToArray());
        await PoisonedAsync(1);

        Assert.That((await TypesAsync("replay", "--all", "--json")).Json.GetProperty("replayed").GetInt32(), Is.EqualTo(1));

        await Eventually.BecomesTrueAsync(async () => (await TypesAsync("list", "--settled", "--json")).Json.GetArrayLength() == 2, what: "it was poison again");
        Assert.That((await TypesAsync("discard", "--all", "--json")).Json.GetProperty("discarded").GetInt32(), Is.EqualTo(1));
        await PoisonedAsync(0);
    }

    private static PushDeadLettered Letter()
    {
        var now = TimeProvider.System.GetUtcNow();
        var push = new EncryptedPush
        {
            PushId = Guid.NewGuid(),
            Provider = Provider.Apns,
            DeviceId = [.. Enumerable.Repeat((byte)6, 32)],
            SealedDeviceToken = [.. Enumerable.Repeat((byte)7, 90)],
            Payload = [.. Enumerable.Repeat((byte)8, 300)],
            ExpiresAt = now.AddHours(1),
        };
        return new PushDeadLettered { PushId = push.PushId, Provider = push.Provider, Outcome = "PAYLOAD_BAD", Reason = "x", Attempts = 1, DeadLetteredAt = now, Push = push };
    }

    private async Task DieAsync(PushDeadLettered[] letters)
    {
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.Host(_broker.Amqp));
        await bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
        try
        {
            var endpoint = await bus.GetSendEndpoint(new Uri($"exchange:{BusTopology.PushDeadLettered}"));
            await endpoint.Send(new Frame<PushDeadLettered> { Items = letters });
        }
        finally
        {
            await bus.StopAsync();
        }
    }

    // Into the queue of a consumer, as if a producer had said it.
    private Task SendAsync(byte[] body) =>
        _line.PutBackAsync(BusTopology.DeadLetters, new BasicProperties { Persistent = true, ContentType = "application/vnd.masstransit+json" }, body, CancellationToken.None);

    // As a consumer sets aside what it cannot take.
    private Task SetAsideAsync(string queue, byte[] body) => _line.PutBackAsync(
        BusTopology.Poison,
        new BasicProperties
        {
            ContentType = "application/x-test",
            MessageId = "m-1",
            Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { [PoisonItem.QueueHeader] = queue, [PoisonItem.ReasonHeader] = "not a message", ["mine"] = "kept" },
        },
        body,
        CancellationToken.None);

    private Task PoisonedAsync(int count) => Eventually.BecomesTrueAsync(
        async () => (await TypesAsync("list", "--json")).Json.GetArrayLength() == count, what: $"{count} poison messages waited");

    private Task KeptAsync(int letters) => Eventually.BecomesTrueAsync(
        async () => await CountAsync("SELECT count(*) FROM dead_letters.letters") == letters, what: $"{letters} letters were kept");

    private Task<CommandResult> TypesAsync(params string[] arguments) =>
        Operator.TypesAsync(["dead-letters", "poison", .. arguments, "--rabbitmq", _broker.Amqp.ToString(), "--postgres", _database]);

    private async Task<long> CountAsync(string sql)
    {
        await using var data = Npgsql.NpgsqlDataSource.Create(_database);
        await using var command = data.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
