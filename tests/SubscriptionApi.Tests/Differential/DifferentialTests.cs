using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql;
using Sotto.FakePhone;
using Sotto.Sodium;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests.Differential;

/// <summary>Thousands of random and bent requests: the service answers as the protocol page says, and has stored what the page says.</summary>
public sealed class DifferentialTests
{
    private const long Now = 1_730_160_000;
    private const int RequestsOfSeed = 1_500;

    private ApiUnderTest _api = null!;

    [SetUp]
    public async Task Start() => _api = await ApiUnderTest.StartedAsync(SetClock.AtUnixSeconds(Now));

    [TearDown]
    public async Task Stop() => await _api.DisposeAsync();

    [Test]
    public async Task The_service_answers_and_stores_as_the_protocol_says([Values(1, 2, 3)] int seed)
    {
        var (generator, oracle) = (new RequestGenerator(seed, Now), new RequestOracle(Now));
        var answers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var number = 0; number < RequestsOfSeed; number++)
        {
            var (subscribe, body) = generator.Next();
            var (isArray, expected) = oracle.Judge(subscribe, body);

            var answer = await AskAsync(subscribe ? "/subscribe" : "/unsubscribe", body, throughOnion: number % 5 == 0);

            var items = answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray().ToList() : [answer];
            var context = $"request {number} of seed {seed}: {Encoding.Latin1.GetString(body)}";
            Assert.That(answer.ValueKind == JsonValueKind.Array, Is.EqualTo(isArray), context);
            Assert.That(items.Select(WordOf), Is.EqualTo(expected), context);
            foreach (var word in expected)
                answers[word] = answers.GetValueOrDefault(word) + 1;
        }

        Assert.That(await StoredAsync(), Is.EquivalentTo(oracle.Rows));
        // What was never answered was not tested.
        Assert.That(answers.Keys, Is.SupersetOf(new[] { "1", "2", "4", "added", "updated", "removed", "not there" }));
        TestContext.Out.WriteLine(string.Join(", ", answers.Select(entry => $"{entry.Key}: {entry.Value}")));
    }

    private async Task<JsonElement> AskAsync(string path, byte[] body, bool throughOnion)
    {
        if (!throughOnion)
            return await _api.PostAsync(path, new ByteArrayContent(body));
        var letter = OnionLetter.Seal(_api.OnionPublicKey, OnionCipher.XChaCha20, V4Envelope.WriteRequest("POST", path, body));
        using var response = await _api.SendAsync(HttpMethod.Post, "/oxen/v4/lsrpc", new ByteArrayContent(letter.Body));
        var (code, inside) = V4Envelope.ReadResponse(letter.Open(await response.Content.ReadAsByteArrayAsync()));
        Assert.That(code, Is.EqualTo(200));
        using var json = JsonDocument.Parse(inside);
        return json.RootElement.Clone();
    }

    private static string WordOf(JsonElement answer)
    {
        if (answer.TryGetProperty("error", out var code))
            return code.GetInt32().ToString(CultureInfo.InvariantCulture);
        Assert.That(answer.GetProperty("success").GetBoolean(), Is.True);
        if (answer.TryGetProperty("removed", out var removed))
            return removed.GetBoolean() ? "removed" : "not there";
        return answer.TryGetProperty("added", out var added) && added.GetBoolean() ? "added" : "updated";
    }

    private async Task<Dictionary<(string Account, string Service, string Token), OracleRow>> StoredAsync()
    {
        var stored = new Dictionary<(string Account, string Service, string Token), OracleRow>();
        await using var command = _api.Data.CreateCommand(
            """
            SELECT account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces, sealed_envelope_key, provider, sealed_device_token
            FROM subscriptions
            """);
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            Assert.That(SealedBox.TryOpen(rows.GetFieldValue<byte[]>(8), _api.Encryptor, out var envelopeKey), Is.True);
            var (account, service) = (Hex(rows, 0)!, rows.GetString(9));
            stored.Add(
                (account, service, _api.Providers.OpenToken(service, rows.GetFieldValue<byte[]>(10))),
                new OracleRow(
                    account, Hex(rows, 1), Hex(rows, 2), Hex(rows, 3), Hex(rows, 4)!, rows.GetInt64(5), rows.GetBoolean(6),
                    string.Join(',', rows.GetFieldValue<short[]>(7)), Convert.ToHexStringLower(envelopeKey!)));
        }

        return stored;
    }

    private static string? Hex(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : Convert.ToHexStringLower(row.GetFieldValue<byte[]>(column));
}
