using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RabbitMQ.Client;
using Sotto.FakePhone;
using Sotto.Hosting.Bus;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests;

/// <summary>What a thief finds who takes the database, the queues or the logs (docs/architecture.md, "Who may know what").</summary>
public sealed class SecrecyTests
{
    private static readonly string[] Providers = ["apns", "apns-sandbox", "firebase"];

    private readonly StringWriter _log = new();
    private readonly Secrets _tokensAndKeys = new();
    private readonly Secrets _accounts = new();

    private TextWriter _console = null!;
    private ApiUnderTest _api = null!;
    private IConnection _broker = null!;
    private IChannel _channel = null!;
    private string _questions = null!;

    [OneTimeSetUp]
    public async Task Use_the_service()
    {
        _console = Console.Out;
        Console.SetOut(TextWriter.Synchronized(_log));
        _api = await ApiUnderTest.StartedAsync(settings: "--Log:Level=Verbose");
        _broker = await new ConnectionFactory { Uri = _api.Broker.Amqp }.CreateConnectionAsync();
        _channel = await _broker.CreateChannelAsync();
        _questions = await OverhearQuestionsAsync();

        for (var number = 0; number < 30; number++)
            await UseAsync(FakePhone.Create(), Providers[number % Providers.Length], number % 2 == 0 ? null : new Route.Onion(_api.OnionPublicKey));
        await Eventually.BecomesTrueAsync(async () => await _api.QueryAsync<long>("SELECT count(*) FROM outbox") == 0, what: "everything was published");

        // Some stays in the outbox, and some of what happens is an error.
        await ExecuteAsync("ALTER TABLE subscriptions ADD CONSTRAINT no_sandbox CHECK (provider <> 'apns-sandbox') NOT VALID");
        await UseAsync(FakePhone.Create(), "apns-sandbox", via: null);
        await ExecuteAsync("INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT -1, 'added', subscription_id, revision, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces, provider, device_id, sealed_device_token, sealed_envelope_key FROM subscriptions LIMIT 1");
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await _channel.DisposeAsync();
        await _broker.DisposeAsync();
        await _api.DisposeAsync();
        Console.SetOut(_console);
    }

    [Test]
    public async Task No_table_holds_a_token_or_a_key_in_clear()
    {
        var (values, found) = (0, new List<string>());
        foreach (var table in await TablesAsync())
        {
            await using var command = _api.Data.CreateCommand($"SELECT * FROM {table}");
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                for (var column = 0; column < rows.FieldCount; column++, values++)
                {
                    found.AddRange(_tokensAndKeys.FoundIn(rows[column] is byte[] bytes ? bytes : Encoding.UTF8.GetBytes($"{rows[column]}"))
                        .Select(secret => $"{table}.{rows.GetName(column)}: {secret}"));
                }
            }
        }

        Assert.That(values, Is.GreaterThan(300));
        Assert.That(found, Is.Empty);
    }

    [Test]
    public async Task No_queue_holds_a_token_or_a_key_in_clear()
    {
        var messages = await DrainAsync(BusTopology.EncryptorSubscriptions);

        Assert.That(messages, Is.Not.Empty);
        Assert.That(messages.SelectMany(Everything).SelectMany(_tokensAndKeys.FoundIn), Is.Empty);
    }

    [Test]
    public async Task No_question_to_a_sender_holds_a_token_a_key_or_an_account_in_clear()
    {
        var messages = await DrainAsync(_questions);

        Assert.That(messages, Has.Count.GreaterThanOrEqualTo(30));
        Assert.That(messages.SelectMany(Everything).SelectMany(_tokensAndKeys.FoundIn), Is.Empty);
        Assert.That(messages.SelectMany(Everything).SelectMany(_accounts.FoundIn), Is.Empty);
    }

    [Test]
    public void No_log_line_holds_a_token_a_key_or_an_account()
    {
        var log = _log.ToString();

        Assert.That(log, Does.Contain("An item of a request failed (PostgresException, SQL state 23514)"));
        Assert.That(_tokensAndKeys.FoundIn(log).Concat(_accounts.FoundIn(log)), Is.Empty);
    }

    [Test]
    public async Task No_metric_holds_a_token_a_key_or_an_account()
    {
        using var response = await _api.SendAsync(HttpMethod.Get, new Uri(_api.Addresses[0], "/metrics").ToString());
        var metrics = await response.Content.ReadAsStringAsync();

        Assert.That(metrics, Does.Contain("sotto_subscribe_answers{code=\"0\"}").And.Contain("sotto_subscribe_answers{code=\"4\"}"));
        Assert.That(_tokensAndKeys.FoundIn(metrics).Concat(_accounts.FoundIn(metrics)), Is.Empty);
    }

    [Test]
    public void The_search_finds_what_is_there()
    {
        var secrets = new Secrets();
        secrets.Add("key", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

        for (var before = 0; before < 4; before++)
        {
            byte[] bytes = [.. Enumerable.Repeat((byte)77, before), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 88];
            Assert.That(secrets.FoundIn(bytes), Is.Not.Empty);
            Assert.That(secrets.FoundIn(Convert.ToHexString(bytes)), Is.Not.Empty);
            Assert.That(secrets.FoundIn(Convert.ToBase64String(bytes)), Is.Not.Empty);
        }
    }

    private async Task UseAsync(FakePhone phone, string provider, Route? via)
    {
        _tokensAndKeys.Add("token", phone.TokenFor(provider));
        _tokensAndKeys.Add("envelope key", phone.EnvelopeKey.Span);
        _accounts.Add("account", phone.Account.Id.AsSpan(1));
        await phone.SubscribeAsync(_api.Http, _api.Address, provider, [0, 1], via: via);
        var spoiled = phone.SubscribeRequest(provider, [0]);
        spoiled["enc_key"] = new JsonArray(Convert.ToHexString(phone.EnvelopeKey.Span));
        spoiled["service"] = provider;
        await _api.PostAsync("/subscribe", spoiled.ToJsonString());
        await phone.UnsubscribeAsync(_api.Http, _api.Address, provider);
        await phone.SubscribeAsync(_api.Http, _api.Address, provider, [0]);
    }

    private async Task<string> OverhearQuestionsAsync()
    {
        var queue = (await _channel.QueueDeclareAsync()).QueueName;
        foreach (var provider in Providers)
            await _channel.QueueBindAsync(queue, ValidationQueue.RequestsExchange(provider), "");
        return queue;
    }

    private async Task<List<string>> TablesAsync()
    {
        var tables = new List<string>();
        await using var command = _api.Data.CreateCommand("SELECT table_name FROM information_schema.tables WHERE table_schema = 'subscription_api'");
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
            tables.Add(rows.GetString(0));
        Assert.That(tables, Is.SupersetOf(new[] { "subscriptions", "outbox", "stats" }));
        return tables;
    }

    private async Task<List<byte[]>> DrainAsync(string queue)
    {
        var messages = new List<byte[]>();
        while (await _channel.BasicGetAsync(queue, autoAck: false) is { } message)
            messages.Add(message.Body.ToArray());
        return messages;
    }

    // The message itself, and whatever its strings hold in base64.
    private static IEnumerable<byte[]> Everything(byte[] message)
    {
        yield return message;
        using var json = JsonDocument.Parse(message);
        foreach (var text in Texts(json.RootElement))
        {
            var bytes = new byte[text.Length];
            if (Convert.TryFromBase64String(text, bytes, out var length))
                yield return bytes[..length];
        }
    }

    private static List<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => [.. element.EnumerateArray().SelectMany(Texts)],
        JsonValueKind.Object => [.. element.EnumerateObject().SelectMany(member => Texts(member.Value))],
        _ => [],
    };

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _api.Data.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
