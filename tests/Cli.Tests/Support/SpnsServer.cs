using Npgsql;
using Sotto.FakePhone;
using Sotto.Session;
using Sotto.TestSupport;

namespace Cli.Tests.Support;

/// <summary>The database of the existing server, in the schema that session-v2 section 4 describes.</summary>
internal sealed class SpnsServer : IAsyncDisposable
{
    private const string Schema =
        """
        CREATE TABLE subscriptions (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            account bytea NOT NULL, session_ed25519 bytea, subaccount_tag bytea, subaccount_sig bytea,
            signature bytea NOT NULL, signature_ts bigint NOT NULL, want_data boolean NOT NULL, enc_key bytea NOT NULL,
            service varchar NOT NULL, svcid varchar NOT NULL, svcdata bytea,
            UNIQUE (account, service, svcid));
        CREATE INDEX subscriptions_signature_ts ON subscriptions (signature_ts);
        CREATE INDEX subscriptions_service ON subscriptions (service);
        CREATE TABLE sub_namespaces (
            subscription bigint NOT NULL REFERENCES subscriptions ON DELETE CASCADE, namespace smallint NOT NULL,
            PRIMARY KEY (subscription, namespace));
        CREATE TABLE service_stats (
            service varchar NOT NULL, name varchar NOT NULL, val_str varchar, val_int bigint,
            PRIMARY KEY (service, name), CHECK ((val_str IS NULL) <> (val_int IS NULL)));
        """;

    private readonly NpgsqlDataSource _data;

    private SpnsServer(string database) => (Database, _data) = (database, NpgsqlDataSource.Create(database));

    /// <summary>As <c>sotto import spns --from</c> takes it.</summary>
    public string Database { get; }

    public static async Task<SpnsServer> CreateAsync()
    {
        var server = new SpnsServer(await TestServers.CreateDatabaseAsync());
        await using var command = server._data.CreateCommand(Schema);
        await command.ExecuteNonQueryAsync();
        return server;
    }

    /// <summary>What that server does with a valid request: a new row, or the row that there is changed.</summary>
    public async Task<long> StoreAsync(SpnsWish wish)
    {
        await using var command = _data.CreateCommand(
            """
            INSERT INTO subscriptions (account, session_ed25519, subaccount_tag, subaccount_sig, signature, signature_ts, want_data, enc_key, service, svcid)
            VALUES ($1, $2, $3, $4, $5, $6, true, $7, $8, $9)
            ON CONFLICT (account, service, svcid) DO UPDATE SET signature = excluded.signature, signature_ts = excluded.signature_ts, enc_key = excluded.enc_key
            RETURNING id
            """);
        object?[] values =
        [
            wish.Account.Id, wish.Account.SessionEd25519, wish.Account.SubaccountToken, wish.Account.SubaccountSignature, wish.Signature, wish.SignedAtSeconds, wish.EnvelopeKey,
            wish.Service, wish.Token,
        ];
        foreach (var value in values)
            command.Parameters.Add(value is null ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea } : new NpgsqlParameter { Value = value });
        var id = (long)(await command.ExecuteScalarAsync())!;
        foreach (var number in wish.Namespaces)
        {
            await using var add = _data.CreateCommand("INSERT INTO sub_namespaces VALUES ($1, $2) ON CONFLICT DO NOTHING");
            add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
            add.Parameters.Add(new NpgsqlParameter<short> { TypedValue = number });
            await add.ExecuteNonQueryAsync();
        }

        return id;
    }

    public async ValueTask DisposeAsync() => await _data.DisposeAsync();
}

/// <summary>What a phone asked the existing server for.</summary>
internal sealed record SpnsWish
{
    public required SessionAccount Account { get; init; }

    public required long SignedAtSeconds { get; init; }

    public string Service { get; init; } = "apns";

    public required string Token { get; init; }

    public byte[] EnvelopeKey { get; init; } = new byte[32];

    public short[] Namespaces { get; init; } = [0];

    /// <summary>Made by the account, unless the test breaks it.</summary>
    public required byte[] Signature { get; init; }

    public static SpnsWish Of(SessionAccount account, string token, long signedAtSeconds, params short[] namespaces)
    {
        var text = SignedText.Monitor(AccountId.Create(account.Id), signedAtSeconds, true, namespaces);
        return new() { Account = account, Token = token, SignedAtSeconds = signedAtSeconds, Namespaces = namespaces, Signature = account.Sign(text) };
    }
}
