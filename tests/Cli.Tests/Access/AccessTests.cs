using Cli.Tests.Support;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.LocalServers.RabbitMq;

namespace Cli.Tests.Access;

/// <summary><c>sotto access</c>, on a real broker and a real database: each service reaches what is its own, and nothing else.</summary>
public sealed class AccessTests
{
    // Who may take messages from a queue; written here once more, from docs/operating/access.md.
    private static readonly (string Queue, string Owner)[] Queues =
    [
        (BusTopology.ApiInvalidatedTokens, "SubscriptionApi"),
        (BusTopology.ApiStats, "SubscriptionApi"),
        (BusTopology.ListenerSubscriptions, "SwarmListener"),
        (BusTopology.EncryptorSubscriptions, "Encryptor"),
        (BusTopology.Encryptor, "Encryptor"),
        (BusTopology.DeadLetters, "DeadLetterKeeper"),
        (BusTopology.Poison, "DeadLetterKeeper"),
        ("push.apns", "ApnsSender"),
        ("push.apns-sandbox", "ApnsSender"),
        ("push.firebase", "FcmSender"),
        ("push.huawei", "HuaweiSender"),
        ("push.webpush", "WebPushSender"),
        ("push.dummy", "StubSender"),
    ];

    private static readonly string[] Senders = ["ApnsSender", "FcmSender", "HuaweiSender", "WebPushSender", "StubSender", "NtfySender"];

    private static readonly (string Exchange, string[] Publishers)[] Exchanges =
    [
        (BusTopology.SubscriptionChanged, ["SubscriptionApi"]),
        (BusTopology.SubscriptionReady, ["Encryptor"]),
        (BusTopology.MessageArrived, ["SwarmListener"]),
        (BusTopology.PushAccepted, Senders),
        (BusTopology.PushExpired, Senders),
        (BusTopology.PushDeadLettered, Senders),
        (BusTopology.DeviceTokenInvalidated, Senders),
        (BusTopology.ApiAnswers, ["SubscriptionApi", .. Senders]),
        ("push.apns", ["Encryptor", "ApnsSender"]),
        ("push.huawei", ["Encryptor", "HuaweiSender"]),
        (BusTopology.Encryptor, ["Encryptor"]),
        ("", []),
        ("amq.fanout", []),
    ];

    private static readonly (string Service, string Schema)[] Schemas =
        [("SubscriptionApi", "subscription_api"), ("SwarmListener", "swarm_listener"), ("Encryptor", "encryptor"), ("DeadLetterKeeper", "dead_letters")];

    private TestBroker _broker = null!;
    private string _database = "";
    private string _folder = "";
    private string _prefix = "";

    [SetUp]
    public async Task ApplyAsync()
    {
        _broker = await TestServers.CreateBrokerAsync();
        _database = await TestServers.CreateDatabaseAsync();
        _folder = Directory.CreateTempSubdirectory("sotto-access-").FullName;
        _prefix = _broker.VirtualHost;
        Assert.That((await TypesAsync("apply", "--sender", "NtfySender=ntfy")).ExitCode, Is.Zero);
    }

    [TearDown]
    public async Task RemoveAsync()
    {
        foreach (var service in Services)
            await ManagementApi.SendAsync(_broker.Management, HttpMethod.Delete, $"api/users/{_prefix}-{service.ToLowerInvariant()}", null, CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
    }

    private IEnumerable<string> Services => Directory.EnumerateFiles(_folder, "*.env").Select(file => Path.GetFileNameWithoutExtension(file));

    [Test]
    public async Task A_queue_gives_its_messages_to_its_owner_alone()
    {
        foreach (var service in Services)
        {
            foreach (var (queue, owner) in Queues)
                Assert.That(await MayAsync(service, channel => channel.BasicGetAsync(queue, autoAck: false)), Is.EqualTo(service == owner), $"{service} takes from {queue}");
        }
    }

    [Test]
    public async Task An_exchange_takes_messages_from_its_publishers_alone()
    {
        foreach (var service in Services)
        {
            foreach (var (exchange, publishers) in Exchanges)
            {
                var may = await MayAsync(service, async channel => await channel.BasicPublishAsync(exchange, "nobody", mandatory: false, new BasicProperties(), ReadOnlyMemory<byte>.Empty));
                Assert.That(may, Is.EqualTo(publishers.Contains(service)), $"{service} publishes to '{exchange}'");
            }
        }
    }

    [Test]
    public async Task Nobody_declares_or_deletes_what_is_not_its_own()
    {
        foreach (var service in Services)
        {
            foreach (var (queue, owner) in Queues.Where(queue => queue.Queue != BusTopology.Poison))
            {
                if (service == owner)
                    continue;
                Assert.That(await MayAsync(service, channel => channel.QueueDeleteAsync(queue)), Is.False, $"{service} deletes {queue}");
                Assert.That(await MayAsync(service, channel => channel.QueueBindAsync(queue, BusTopology.MessageArrived, "")), Is.False, $"{service} binds {queue}");
            }

            Assert.That(await MayAsync(service, channel => channel.QueueDeleteAsync(BusTopology.Poison)), Is.False, $"{service} deletes poison");
            Assert.That(await MayAsync(service, channel => channel.QueueDeclareAsync("another")), Is.False, $"{service} declares a queue");
        }
    }

    [Test]
    public async Task A_role_owns_one_schema_and_reaches_no_other()
    {
        foreach (var (service, schema) in Schemas)
            await ExecuteAsync(service, $"CREATE TABLE {schema}.things (word text); INSERT INTO {schema}.things VALUES ('{service}')");

        foreach (var (service, own) in Schemas)
        {
            foreach (var (_, schema) in Schemas.Where(other => other.Schema != own))
            {
                Assert.That(await RefusalAsync(service, $"SELECT * FROM {schema}.things"), Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege), $"{service} reads {schema}");
                Assert.That(await RefusalAsync(service, $"DROP TABLE {schema}.things"), Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege), $"{service} drops in {schema}");
            }

            foreach (var statement in (string[])["CREATE SCHEMA another", "CREATE TABLE public.things (word text)", "CREATE ROLE another", "SELECT pg_read_file('/etc/hostname')"])
                Assert.That(await RefusalAsync(service, statement), Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege), $"{service}: {statement}");
        }
    }

    [Test]
    public async Task Tables_that_were_there_before_the_roles_are_handed_over()
    {
        await ExecuteAsync("Encryptor", "DROP SCHEMA encryptor CASCADE");
        await using (var administrator = NpgsqlDataSource.Create(_database))
        await using (var command = administrator.CreateCommand("CREATE SCHEMA encryptor; CREATE TABLE encryptor.old (id bigint GENERATED ALWAYS AS IDENTITY, n serial); INSERT INTO encryptor.old DEFAULT VALUES"))
            await command.ExecuteNonQueryAsync();

        Assert.That((await TypesAsync("apply")).ExitCode, Is.Zero);

        await ExecuteAsync("Encryptor", "INSERT INTO encryptor.old DEFAULT VALUES; ALTER TABLE encryptor.old ADD COLUMN word text");
    }

    [Test]
    public async Task Repetition_keeps_the_passwords_and_renewal_changes_them()
    {
        var before = await File.ReadAllTextAsync(FileOf("FcmSender"));

        Assert.That((await TypesAsync("apply")).ExitCode, Is.Zero);
        Assert.That(await File.ReadAllTextAsync(FileOf("FcmSender")), Is.EqualTo(before));
        Assert.That((await TypesAsync("apply", "--renew")).ExitCode, Is.Zero);
        Assert.That(await File.ReadAllTextAsync(FileOf("FcmSender")), Is.Not.EqualTo(before));

        Assert.That(await MayAsync("FcmSender", channel => channel.BasicGetAsync("push.firebase", autoAck: false)), Is.True);
        Assert.That(File.GetUnixFileMode(FileOf("FcmSender")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public async Task No_password_reaches_the_terminal()
    {
        var secret = new Uri(Setting("SwarmListener", "ConnectionStrings__RabbitMq")).UserInfo.Split(':')[1];

        foreach (var result in new[] { await TypesAsync("apply"), await TypesAsync("apply", "--json"), await TypesAsync("show") })
            Assert.That(result.Output + result.Error, Does.Not.Contain(secret).And.Contain("SwarmListener"));
    }

    [TestCase("NtfySender")]
    [TestCase("NtfySender=")]
    [TestCase("Ntfy Sender=ntfy")]
    [TestCase("NtfySender=NTFY")]
    public async Task A_sender_that_is_none_is_refused_with_a_sentence(string sender)
    {
        var result = await TypesAsync("show", "--sender", sender);

        Assert.That(result.ExitCode, Is.EqualTo(78));
        Assert.That(result.Error, Does.Contain("--sender"));
    }

    private Task<CommandResult> TypesAsync(string verb, params string[] more) => Operator.TypesAsync(
        verb == "show"
            ? ["access", verb, .. more]
            : ["access", verb, "--folder", _folder, "--prefix", _prefix, "--management", _broker.Management.ToString(), "--rabbitmq", _broker.Amqp.ToString(), "--postgres", _database, .. more]);

    private string FileOf(string service) => Path.Combine(_folder, $"{service}.env");

    private string Setting(string service, string name) =>
        File.ReadLines(FileOf(service)).Single(line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    // A channel of its own for each try: a refusal ends it. A publish is refused by ending the channel a moment later, so something is asked after it.
    private async Task<bool> MayAsync(string service, Func<IChannel, Task> work)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(Setting(service, "ConnectionStrings__RabbitMq")) }.CreateConnectionAsync();
        try
        {
            await using var channel = await connection.CreateChannelAsync();
            await work(channel);
            await channel.ExchangeDeclarePassiveAsync(BusTopology.MessageArrived);
            return true;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.AccessRefused)
        {
            return false;
        }
    }

    private async Task ExecuteAsync(string service, string sql)
    {
        await using var connection = new NpgsqlConnection(Setting(service, "ConnectionStrings__Postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<string?> RefusalAsync(string service, string sql)
    {
        try
        {
            await ExecuteAsync(service, sql);
            return null;
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }
}
