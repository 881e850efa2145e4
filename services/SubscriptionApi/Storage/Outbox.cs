using Npgsql;
using NpgsqlTypes;
using Sotto.Contracts;
using Sotto.Hosting;
using Sotto.Session;

namespace SubscriptionApi.Storage;

/// <summary>Reads and empties the outbox. A batch is locked by the transaction that took it, and other instances pass it over.</summary>
internal sealed class Outbox(NpgsqlDataSource database)
{
    private const string Take =
        """
        SELECT outbox_id, change, subscription_id, revision, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts,
            wants_data, namespaces, provider, device_id, sealed_device_token, sealed_envelope_key
        FROM outbox ORDER BY outbox_id LIMIT $1 FOR UPDATE SKIP LOCKED
        """;

    // Sorted, so that two instances never wait for each other's counters.
    private const string Remove =
        """
        WITH gone AS (DELETE FROM outbox WHERE outbox_id = ANY ($1) RETURNING provider, change)
        INSERT INTO stats (provider, name, value) SELECT provider, change, count(*) FROM gone GROUP BY provider, change ORDER BY provider, change
        ON CONFLICT (provider, name) DO UPDATE SET value = stats.value + excluded.value
        """;

    /// <summary>
    /// Hands a batch to <paramref name="publish"/> and removes it when that has succeeded. If it fails, or this process dies, the batch stays; if it dies after
    /// publishing, the batch is published again.
    /// </summary>
    /// <returns>How many were published.</returns>
    public async Task<int> PublishBatchAsync(
        int countMax, Func<IReadOnlyList<SubscriptionChanged>, CancellationToken, Task> publish, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (ids, changes) = await TakeAsync(connection, countMax, cancellationToken);
        if (ids.Count == 0)
            return 0;

        CrashPoint.Pass("outbox.before-publish");
        await publish(changes, cancellationToken);
        CrashPoint.Pass("outbox.after-publish");

        await using var remove = new NpgsqlCommand(Remove, connection);
        remove.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint, Value = ids });
        await remove.ExecuteNonQueryAsync(cancellationToken);
        CrashPoint.Pass("outbox.before-commit");
        await transaction.CommitAsync(cancellationToken);
        CrashPoint.Pass("outbox.after-commit");
        return ids.Count;
    }

    /// <summary>How many changes wait to be published.</summary>
    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT count(*) FROM outbox");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<(List<long> Ids, List<SubscriptionChanged> Changes)> TakeAsync(
        NpgsqlConnection connection, int countMax, CancellationToken cancellationToken)
    {
        var (ids, changes) = (new List<long>(), new List<SubscriptionChanged>());
        await using var take = new NpgsqlCommand(Take, connection);
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = countMax });
        await using var rows = await take.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            ids.Add(rows.GetInt64(0));
            changes.Add(Read(rows));
        }

        return (ids, changes);
    }

    private static SubscriptionChanged Read(NpgsqlDataReader row)
    {
        var signedAtSeconds = row.GetInt64(9);
        return new SubscriptionChanged
        {
            Withdrawn = row.GetString(1) is "withdrawn" or "invalidated",
            SubscriptionId = row.GetGuid(2),
            Revision = row.GetInt64(3),
            Account = row.GetFieldValue<byte[]>(4),
            Authorization = new MonitorAuthorization
            {
                SessionEd25519 = OptionalBytes(row, 5),
                SubaccountToken = OptionalBytes(row, 6),
                SubaccountSignature = OptionalBytes(row, 7),
                Signature = row.GetFieldValue<byte[]>(8),
                SignedAtSeconds = signedAtSeconds,
            },
            WantsData = row.GetBoolean(10),
            Namespaces = row.GetFieldValue<short[]>(11),
            Provider = row.GetString(12),
            DeviceId = row.GetFieldValue<byte[]>(13),
            SealedDeviceToken = row.GetFieldValue<byte[]>(14),
            SealedEnvelopeKey = row.GetFieldValue<byte[]>(15),
            ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(signedAtSeconds + SignatureTime.MonitorLifetimeSeconds),
        };
    }

    private static byte[]? OptionalBytes(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);
}
