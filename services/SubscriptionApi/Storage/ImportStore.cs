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

    /// <summary>A hash of all that the other server has of it, by which a later import tells whether that has changed: what is sealed cannot be compared.</summary>
    public required byte[] ImportedAs { get; init; }

    /// <summary>Never the content.</summary>
    public override string ToString() => nameof(ImportedSubscription);
}

/// <summary>What became of a batch.</summary>
/// <param name="Added">New here.</param>
/// <param name="Renewed">Here already, and changed.</param>
/// <param name="Ended">Not taken: ended here after they were signed.</param>
internal readonly record struct StoredBatch(long Added, long Renewed, long Ended);

/// <summary>Stores subscriptions that come from another server, many in one statement, together with how far the import has come.</summary>
internal sealed class ImportStore(NpgsqlDataSource database)
{
    private const int CommandTimeoutSeconds = 120;

    private const string Columns =
        """
        subscription_id, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces,
        provider, device_id, sealed_device_token, sealed_envelope_key
        """;

    // A row that no client has come for since it was imported is what the other server has, whatever that is. Any other gives way only to a wish that was signed after ours was
    // last renewed: whoever has come to us since then is left alone. An imported row counts as renewed when it was signed, since nobody knows when the other server was told.
    private const string Store =
        $"""
        WITH given AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS row ({Columns}, imported_as)
        ), ended AS (
            SELECT subscription_id FROM given JOIN ended_subscriptions USING (account, provider, device_id)
            WHERE ended_at >= to_timestamp(signature_ts)
                AND NOT EXISTS (SELECT FROM subscriptions AS held WHERE (held.account, held.provider, held.device_id) = (given.account, given.provider, given.device_id))
        ), stored AS (
            INSERT INTO subscriptions AS held ({Columns}, imported_as, revision, created_at, renewed_at)
            SELECT subscription_id, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces::smallint[],
                provider, device_id, sealed_device_token, sealed_envelope_key, imported_as, nextval('revisions'), $15, least(to_timestamp(signature_ts), $15)
            FROM given WHERE subscription_id NOT IN (SELECT subscription_id FROM ended)
            ON CONFLICT (account, provider, device_id) DO UPDATE SET
                session_ed25519 = excluded.session_ed25519, subaccount_token = excluded.subaccount_token,
                subaccount_signature = excluded.subaccount_signature, signature = excluded.signature, signature_ts = excluded.signature_ts,
                wants_data = excluded.wants_data, namespaces = excluded.namespaces, sealed_device_token = excluded.sealed_device_token,
                sealed_envelope_key = excluded.sealed_envelope_key, imported_as = excluded.imported_as, revision = nextval('revisions'), renewed_at = excluded.renewed_at
            WHERE held.imported_as <> excluded.imported_as OR (held.signature_ts < excluded.signature_ts AND held.renewed_at < excluded.renewed_at)
            RETURNING held.*, held.xmax = 0 AS added
        ), told AS (
            INSERT INTO outbox (change, revision, {Columns}) SELECT 'imported', revision, {Columns} FROM stored
        )
        SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added), (SELECT count(*) FROM ended) FROM stored
        """;

    /// <summary>Stores a batch and, with it, <paramref name="run"/> as <paramref name="advance"/> makes it of what became of the batch.</summary>
    /// <param name="batch">At most one for each account, provider and device.</param>
    /// <param name="run">The run before.</param>
    /// <param name="advance">The run after, of the run before and what became of the batch.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Ends it; then nothing is stored.</param>
    public async Task<OperatorRun> StoreAsync(
        IReadOnlyList<ImportedSubscription> batch, OperatorRun run, Func<OperatorRun, StoredBatch, OperatorRun> advance, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var after = advance(run, batch.Count == 0 ? default : await InsertAsync(connection, batch, now, cancellationToken));
        await after.SaveAsync(connection, transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return after;
    }

    private static async Task<StoredBatch> InsertAsync(
        NpgsqlConnection connection, IReadOnlyList<ImportedSubscription> batch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // What ended while the batch is stored would not be seen to have ended: it waits until the batch is committed, and then ends.
        await using var hold = new NpgsqlCommand("LOCK TABLE ended_subscriptions IN SHARE MODE", connection) { CommandTimeout = CommandTimeoutSeconds };
        await hold.ExecuteNonQueryAsync(cancellationToken);
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
        AddBytes(command, batch.Select(row => row.ImportedAs));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now.ToUniversalTime() });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new StoredBatch(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
    }

    private static void AddBytes(NpgsqlCommand command, IEnumerable<byte[]?> values) => Add(command, NpgsqlDbType.Bytea, values.ToArray());

    private static void Add(NpgsqlCommand command, NpgsqlDbType type, object values) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = values });
}
