using Npgsql;
using NpgsqlTypes;
using Sotto.Session;

namespace SubscriptionApi.Storage;

/// <summary>A subscription taken over from another server, validated and sealed as if its client had asked here.</summary>
internal sealed record ImportedSubscription
{
    public required AccountId Account { get; init; }

    public byte[]? SessionEd25519 { get; init; }

    public byte[]? SubaccountToken { get; init; }

    public byte[]? SubaccountSignature { get; init; }

    public required byte[] Signature { get; init; }

    public required long SignedAtSeconds { get; init; }

    public required bool WantsData { get; init; }

    public required short[] Namespaces { get; init; }

    public required string Provider { get; init; }

    public required byte[] DeviceId { get; init; }

    public required byte[] SealedDeviceToken { get; init; }

    public required byte[] SealedEnvelopeKey { get; init; }

    /// <summary>Never the content.</summary>
    public override string ToString() => nameof(ImportedSubscription);
}

/// <summary>Stores subscriptions that come from another server, many in one statement, together with how far the import has come.</summary>
internal sealed class ImportStore(NpgsqlDataSource database)
{
    private const int CommandTimeoutSeconds = 120;

    private const string Columns =
        """
        subscription_id, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces,
        provider, device_id, sealed_device_token, sealed_envelope_key
        """;

    // A row of ours gives way only to a wish that was signed after ours was last renewed: whoever has come to us since then is left alone. An imported row counts as
    // renewed when it was signed, since nobody knows when the other server was told.
    private const string Store =
        $"""
        WITH given AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS row ({Columns})
        ), stored AS (
            INSERT INTO subscriptions AS held ({Columns}, revision, created_at, renewed_at)
            SELECT subscription_id, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces::smallint[],
                provider, device_id, sealed_device_token, sealed_envelope_key, nextval('revisions'), $14, least(to_timestamp(signature_ts), $14)
            FROM given
            ON CONFLICT (account, provider, device_id) DO UPDATE SET
                session_ed25519 = excluded.session_ed25519, subaccount_token = excluded.subaccount_token,
                subaccount_signature = excluded.subaccount_signature, signature = excluded.signature, signature_ts = excluded.signature_ts,
                wants_data = excluded.wants_data, namespaces = excluded.namespaces, sealed_device_token = excluded.sealed_device_token,
                sealed_envelope_key = excluded.sealed_envelope_key, revision = nextval('revisions'), renewed_at = excluded.renewed_at
            WHERE held.signature_ts < excluded.signature_ts AND held.renewed_at < excluded.renewed_at
            RETURNING held.*, held.xmax = 0 AS added
        ), told AS (
            INSERT INTO outbox (change, revision, {Columns}) SELECT 'imported', revision, {Columns} FROM stored
        )
        SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM stored
        """;

    /// <summary>Stores a batch and, with it, <paramref name="run"/> as <paramref name="advance"/> makes it of how many were new and how many were renewed.</summary>
    /// <param name="batch">At most one for each account, provider and device.</param>
    /// <param name="run">The run before.</param>
    /// <param name="advance">The run after, of the run before, the number added and the number renewed.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Ends it; then nothing is stored.</param>
    public async Task<OperatorRun> StoreAsync(
        IReadOnlyList<ImportedSubscription> batch, OperatorRun run, Func<OperatorRun, long, long, OperatorRun> advance, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (added, renewed) = batch.Count == 0 ? (0, 0) : await InsertAsync(connection, batch, now, cancellationToken);
        var after = advance(run, added, renewed);
        await after.SaveAsync(connection, transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return after;
    }

    private static async Task<(long Added, long Renewed)> InsertAsync(
        NpgsqlConnection connection, IReadOnlyList<ImportedSubscription> batch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Store, connection) { CommandTimeout = CommandTimeoutSeconds };
        Add(command, NpgsqlDbType.Uuid, batch.Select(_ => Guid.NewGuid()).ToArray());
        AddBytes(command, batch.Select(row => row.Account.ToArray()));
        AddBytes(command, batch.Select(row => row.SessionEd25519));
        AddBytes(command, batch.Select(row => row.SubaccountToken));
        AddBytes(command, batch.Select(row => row.SubaccountSignature));
        AddBytes(command, batch.Select(row => row.Signature));
        Add(command, NpgsqlDbType.Bigint, batch.Select(row => row.SignedAtSeconds).ToArray());
        Add(command, NpgsqlDbType.Boolean, batch.Select(row => row.WantsData).ToArray());
        // Lists of unequal lengths do not fit into one array.
        Add(command, NpgsqlDbType.Text, batch.Select(row => $"{{{string.Join(',', row.Namespaces)}}}").ToArray());
        Add(command, NpgsqlDbType.Text, batch.Select(row => row.Provider).ToArray());
        AddBytes(command, batch.Select(row => row.DeviceId));
        AddBytes(command, batch.Select(row => row.SealedDeviceToken));
        AddBytes(command, batch.Select(row => row.SealedEnvelopeKey));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now.ToUniversalTime() });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), row.GetInt64(1));
    }

    private static void AddBytes(NpgsqlCommand command, IEnumerable<byte[]?> values) => Add(command, NpgsqlDbType.Bytea, values.ToArray());

    private static void Add(NpgsqlCommand command, NpgsqlDbType type, object values) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = values });
}
