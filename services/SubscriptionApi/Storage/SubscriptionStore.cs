using Npgsql;
using NpgsqlTypes;
using Sotto.Contracts;
using Sotto.Hosting;
using SubscriptionApi.Providers;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Storage;

/// <summary>
/// The subscriptions. Every change is one statement that also writes what the other services must be told, so that both are committed or neither
/// is; it returns after the commit.
/// </summary>
internal sealed class SubscriptionStore(NpgsqlDataSource database, OutboxSignal outbox)
{
    private const int CommandTimeoutSeconds = 10;

    private const string Columns =
        """
        subscription_id, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces,
        provider, device_id, sealed_device_token, sealed_envelope_key
        """;

    // A row that nobody has locked since it was made has no xmax: it was inserted here, not updated.
    private const string Store =
        $"""
        WITH stored AS (
            INSERT INTO subscriptions AS held ({Columns}, revision, created_at, renewed_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, nextval('revisions'), $14, $14)
            ON CONFLICT (account, provider, device_id) DO UPDATE SET
                session_ed25519 = excluded.session_ed25519, subaccount_token = excluded.subaccount_token,
                subaccount_signature = excluded.subaccount_signature, signature = excluded.signature, signature_ts = excluded.signature_ts,
                wants_data = excluded.wants_data, namespaces = excluded.namespaces, sealed_device_token = excluded.sealed_device_token,
                sealed_envelope_key = excluded.sealed_envelope_key, revision = nextval('revisions'), renewed_at = excluded.renewed_at
            RETURNING held.*, held.xmax = 0 AS added
        ), told AS (
            INSERT INTO outbox (change, revision, {Columns})
            SELECT CASE WHEN added THEN 'added' ELSE 'renewed' END, revision, {Columns} FROM stored
        )
        SELECT added FROM stored
        """;

    private const string Withdraw =
        $"""
        WITH gone AS (DELETE FROM subscriptions WHERE account = $1 AND provider = $2 AND device_id = $3 RETURNING *)
        INSERT INTO outbox (change, revision, {Columns}) SELECT 'withdrawn', nextval('revisions'), {Columns} FROM gone
        """;

    private const string Invalidate =
        $"""
        WITH gone AS (
            DELETE FROM subscriptions AS held
            USING unnest($1, $2, $3) AS dead (dead_provider, dead_device_id, dead_since)
            WHERE held.provider = dead_provider AND held.device_id = dead_device_id AND held.renewed_at < dead_since
            RETURNING held.*
        )
        INSERT INTO outbox (change, revision, {Columns}) SELECT 'invalidated', nextval('revisions'), {Columns} FROM gone
        """;

    /// <summary>Stores a wish, new or renewed; an older signature replaces a newer one too (session-v2 section 4).</summary>
    /// <returns>True when it is new.</returns>
    public async Task<bool> StoreAsync(
        SignedRequest request, Wish wish, byte[] sealedEnvelopeKey, DeviceAnswer device, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = Command(Store);
        Add(command, NpgsqlDbType.Uuid, Guid.NewGuid());
        Add(command, NpgsqlDbType.Bytea, request.Account.ToArray());
        Add(command, NpgsqlDbType.Bytea, request.SessionEd25519);
        Add(command, NpgsqlDbType.Bytea, request.SubaccountToken);
        Add(command, NpgsqlDbType.Bytea, request.SubaccountSignature);
        Add(command, NpgsqlDbType.Bytea, request.Signature);
        Add(command, NpgsqlDbType.Bigint, request.SignedAtSeconds);
        Add(command, NpgsqlDbType.Boolean, wish.WantsData);
        Add(command, NpgsqlDbType.Array | NpgsqlDbType.Smallint, wish.Namespaces);
        Add(command, NpgsqlDbType.Text, request.Provider);
        Add(command, NpgsqlDbType.Bytea, device.DeviceId);
        Add(command, NpgsqlDbType.Bytea, device.SealedDeviceToken);
        Add(command, NpgsqlDbType.Bytea, sealedEnvelopeKey);
        Add(command, NpgsqlDbType.TimestampTz, now);
        CrashPoint.Pass("subscribe.before-commit");
        var added = (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
        CrashPoint.Pass("subscribe.after-commit");
        outbox.Wake();
        return added;
    }

    /// <summary>Ends a subscription.</summary>
    /// <returns>False when there was none.</returns>
    public async Task<bool> WithdrawAsync(SignedRequest request, DeviceAnswer device, CancellationToken cancellationToken)
    {
        await using var command = Command(Withdraw);
        Add(command, NpgsqlDbType.Bytea, request.Account.ToArray());
        Add(command, NpgsqlDbType.Text, request.Provider);
        Add(command, NpgsqlDbType.Bytea, device.DeviceId);
        var withdrawn = await command.ExecuteNonQueryAsync(cancellationToken) > 0;
        outbox.Wake();
        return withdrawn;
    }

    /// <summary>Ends all subscriptions of devices whose tokens died, except those renewed since.</summary>
    /// <returns>How many ended.</returns>
    public async Task<int> WithdrawInvalidatedAsync(IReadOnlyCollection<DeviceTokenInvalidated> dead, CancellationToken cancellationToken)
    {
        await using var command = Command(Invalidate);
        Add(command, NpgsqlDbType.Array | NpgsqlDbType.Text, dead.Select(item => item.Provider).ToArray());
        Add(command, NpgsqlDbType.Array | NpgsqlDbType.Bytea, dead.Select(item => item.DeviceId).ToArray());
        Add(command, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, dead.Select(item => item.InvalidSince.ToUniversalTime()).ToArray());
        var withdrawn = await command.ExecuteNonQueryAsync(cancellationToken);
        outbox.Wake();
        return withdrawn;
    }

    /// <summary>
    /// Removes subscriptions whose signature has expired, at most <paramref name="countMax"/> at a time. Nobody is told: every service that holds a subscription knows
    /// when it is void.
    /// </summary>
    /// <returns>How many were removed.</returns>
    public async Task<int> RemoveExpiredAsync(long signedAtSecondsMax, int countMax, CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            DELETE FROM subscriptions WHERE subscription_id IN (
                SELECT subscription_id FROM subscriptions WHERE signature_ts <= $1 ORDER BY signature_ts LIMIT $2 FOR UPDATE SKIP LOCKED)
            """);
        Add(command, NpgsqlDbType.Bigint, signedAtSecondsMax);
        Add(command, NpgsqlDbType.Integer, countMax);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql)
    {
        var command = database.CreateCommand(sql);
        command.CommandTimeout = CommandTimeoutSeconds;
        return command;
    }

    private static void Add(NpgsqlCommand command, NpgsqlDbType type, object? value) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value ?? DBNull.Value });
}
