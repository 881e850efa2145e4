using System.Text;
using Npgsql;
using NUnit.Framework;
using RabbitMQ.Client;
using Sotto.LocalServers.Processes;
using Sotto.TestSupport;

namespace EndToEnd.Tests;

/// <summary>Whoever takes the database, the broker or the logs learns no device token and no envelope key.</summary>
public sealed class SecrecyTests
{
    private const int Phones = 20;
    private const int MessagesEach = 50;
    private static readonly string[] Providers = ["apns", "apns-sandbox", "firebase", "huawei"];
    private static readonly string[] Queues =
    [
        .. Providers.Select(provider => $"push.{provider}"), "encryptor", "encryptor.subscriptions", "swarm-listener.subscriptions", "dead-letters", "poison",
    ];

    private static readonly string[] Senders = ["ApnsSender", "FcmSender", "HuaweiSender"];

    [Test]
    public async Task While_a_thousand_pushes_wait_no_token_and_no_key_can_be_found_in_any_table_queue_or_log()
    {
        await using var world = await World.StartAsync(settings: new(StringComparer.Ordinal) { ["Log:Level"] = "Debug" });
        var names = new List<string>();
        for (var i = 0; i < Phones; i++)
            names.Add(await world.SubscribeAsync(Providers[i % Providers.Length]));
        foreach (var sender in Senders)
            await world.System.StopServiceAsync(world.Service(sender), StopSignal.Terminate, CancellationToken.None);
        for (var i = 0; i < MessagesEach; i++)
        {
            foreach (var name in names)
                await world.StoreAsync(name, Encoding.UTF8.GetBytes($"message {i}"));
        }

        var secrets = names.SelectMany((name, i) => Spellings(world.PhoneOf(name), Providers[i % Providers.Length])).ToList();
        var queues = await QueuesAsync(world);
        Assert.That(queues.Where(queue => queue.Key.StartsWith("push.", StringComparison.Ordinal)).Sum(queue => Items(queue.Value)), Is.EqualTo(Phones * MessagesEach));
        var tables = await TablesAsync(world.System.State.Database!.ConnectionString);
        var logs = Directory.GetFiles(Path.GetDirectoryName(world.Service("Encryptor").LogFile)!)
            .Where(file => !Path.GetFileName(file).StartsWith("Fake", StringComparison.Ordinal))
            .ToDictionary(file => file, ReadShared, StringComparer.Ordinal);

        Assert.Multiple(() =>
        {
            Assert.That(tables, Has.Count.GreaterThan(3));
            // The search itself must be able to find: what may be there is.
            Assert.That(tables.Values.Any(text => text.Contains(world.PhoneOf(names[0]).Account.Hex, StringComparison.OrdinalIgnoreCase)), Is.True);
            foreach (var (place, text) in tables.Concat(logs).Concat(queues.Select(queue => KeyValuePair.Create(queue.Key, string.Concat(queue.Value.Select(body => Encoding.Latin1.GetString(body) + WireFrame.ToSearchableText(body)))))))
                Assert.That(secrets.Where(secret => text.Contains(secret, StringComparison.OrdinalIgnoreCase)), Is.Empty, place);
        });
    }

    // As text, as hex of the text (how a dump shows bytea) and as base64 of the text; a key also as its raw bytes.
    private static string[] Spellings(Sotto.FakePhone.FakePhone phone, string provider)
    {
        var token = phone.TokenFor(provider);
        var key = phone.EnvelopeKey.ToArray();
        string[] spellings =
        [
            token, Convert.ToHexString(Encoding.UTF8.GetBytes(token)), Convert.ToBase64String(Encoding.UTF8.GetBytes(token))[..^4],
            Convert.ToHexString(key), Convert.ToBase64String(key).TrimEnd('='), Encoding.Latin1.GetString(key),
        ];
        return provider.StartsWith("apns", StringComparison.Ordinal)
            ? [.. spellings, Convert.ToBase64String(Convert.FromHexString(token)).TrimEnd('='), Encoding.Latin1.GetString(Convert.FromHexString(token))]
            : spellings;
    }

    private static async Task<Dictionary<string, string>> TablesAsync(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        var tables = new List<string>();
        await using (var command = database.CreateCommand(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('subscription_api', 'swarm_listener', 'encryptor')"))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                tables.Add(reader.GetString(0));
        }

        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var connection = await database.OpenConnectionAsync();
        foreach (var table in tables)
        {
            using var dump = await connection.BeginTextExportAsync($"COPY {table} TO STDOUT");
            texts[table] = await dump.ReadToEndAsync();
        }

        return texts;
    }

    // Looks at every message of every work queue and puts it back; once only, since the broker counts how often it hands one out.
    private static async Task<Dictionary<string, List<byte[]>>> QueuesAsync(World world)
    {
        var factory = new ConnectionFactory { Uri = world.System.State.Broker!.Amqp };
        await using var connection = await factory.CreateConnectionAsync();
        await SettleAsync(connection);
        var queues = new Dictionary<string, List<byte[]>>(StringComparer.Ordinal);
        foreach (var queue in Queues)
        {
            // Closing the channel returns what was not acknowledged.
            await using var channel = await connection.CreateChannelAsync();
            var bodies = new List<byte[]>();
            while (await channel.BasicGetAsync(queue, autoAck: false) is { } message)
                bodies.Add(message.Body.ToArray());
            queues[queue] = bodies;
        }

        return queues;
    }

    private static async Task SettleAsync(IConnection connection)
    {
        await using var channel = await connection.CreateChannelAsync();
        var (last, unchanged) = (0u, 0);
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var count = 0u;
                foreach (var queue in Queues)
                    count += await channel.MessageCountAsync(queue);
                (last, unchanged) = (count, count > 0 && count == last ? unchanged + 1 : 0);
                if (unchanged < 5)
                    await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, CancellationToken.None);
                return unchanged >= 5;
            },
            what: "the queues came to rest");
    }

    private static int Items(IEnumerable<byte[]> frames) =>
        frames.Sum(frame => WireFrame.CountItems(frame));

    private static string ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
