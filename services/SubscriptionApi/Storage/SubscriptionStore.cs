using System.Runtime.ExceptionServices;
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
internal sealed class SubscriptionStore
{
    /// <summary>What a subscription and what is told of it have in common.</summary>
    internal const string Columns =
        """
        subscription_id, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces,
        provider, device_id, sealed_device_token, sealed_envelope_key
        """;

    /// <summary>Remembers what ended, given by what follows: an import from a server that still has it must not bring it back.</summary>
    internal const string Remember = "INSERT INTO ended_subscriptions AS known (account, provider, device_id, ended_at)";

    /// <summary>Ends a statement that begins with <see cref="Remember"/>.</summary>
    internal const string OrLater = "ON CONFLICT (account, provider, device_id) DO UPDATE SET ended_at = greatest(known.ended_at, excluded.ended_at)";

    private const int CommandTimeoutSeconds = 10;

    // Remembered even if there was none: the client may have come before what another server has of it.
    private const string Withdraw =
        $"""
        WITH gone AS (DELETE FROM subscriptions WHERE account = $1 AND provider = $2 AND device_id = $3 RETURNING *),
        ended AS ({Remember} VALUES ($1, $2, $3, $4) {OrLater})
        INSERT INTO outbox (change, revision, {Columns}) SELECT 'withdrawn', nextval('revisions'), {Columns} FROM gone
        """;

    private const string Invalidate =
        $"""
        WITH gone AS (
            DELETE FROM subscriptions AS held
            USING unnest($1, $2, $3) AS dead (dead_provider, dead_device_id, dead_since)
            WHERE held.provider = dead_provider AND held.device_id = dead_device_id AND held.renewed_at < dead_since
            RETURNING held.*, dead_since
        ), ended AS ({Remember} SELECT account, provider, device_id, greatest(dead_since, to_timestamp(signature_ts)) FROM gone {OrLater})
        INSERT INTO outbox (change, revision, {Columns}) SELECT 'invalidated', nextval('revisions'), {Columns} FROM gone
        """;

    private readonly NpgsqlDataSource _database;
    private readonly OutboxSignal _outbox;
    private readonly Gathering<StoredWish, WishOutcome> _wishes;

    public SubscriptionStore(NpgsqlDataSource database, OutboxSignal outbox)
    {
        (_database, _outbox) = (database, outbox);
        // One batch at a time: they then follow each other in the order in which they came, and never wait for each other's rows.
        var batch = new WishBatch(database, outbox);
        _wishes = new(WishBatch.WishesMax, underWayMax: 1, WishBatch.WaitingMax, batch.StoreAsync);
    }

    /// <summary>Stores a wish, new or renewed; an older signature replaces a newer one too (session-v2 section 4). Wishes that wait at the same moment are committed together.</summary>
    /// <returns>True when it is new.</returns>
    /// <exception cref="GatheringFullException">Too many wait.</exception>
    /// <exception cref="NpgsqlException">The database could not be used, or refused this one.</exception>
    public async Task<bool> StoreAsync(
        SignedRequest request, Wish wish, byte[] sealedEnvelopeKey, DeviceAnswer device, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var outcome = await _wishes.DoAsync(new StoredWish(request, wish, sealedEnvelopeKey, device, now), cancellationToken);
        if (outcome.Failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        return outcome.Added;
    }

    /// <summary>Ends a subscription.</summary>
    /// <returns>False when there was none.</returns>
    public async Task<bool> WithdrawAsync(SignedRequest request, DeviceAnswer device, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // A client whose clock is ahead of ours signed its subscription by the same clock.
        var signedAt = DateTimeOffset.FromUnixTimeSeconds(request.SignedAtSeconds);
        await using var command = Command(Withdraw);
        Add(command, NpgsqlDbType.Bytea, request.Account.ToArray());
        Add(command, NpgsqlDbType.Text, request.Provider);
        Add(command, NpgsqlDbType.Bytea, device.DeviceId);
        Add(command, NpgsqlDbType.TimestampTz, (signedAt > now ? signedAt : now).ToUniversalTime());
        var withdrawn = await command.ExecuteNonQueryAsync(cancellationToken) > 0;
        _outbox.Wake();
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
        _outbox.Wake();
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

    /// <summary>Forgets what ended at this time or before, at most <paramref name="countMax"/> at a time.</summary>
    /// <returns>How many were forgotten.</returns>
    public async Task<int> ForgetEndedAsync(long endedAtSecondsMax, int countMax, CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            DELETE FROM ended_subscriptions WHERE (account, provider, device_id) IN (
                SELECT account, provider, device_id FROM ended_subscriptions WHERE ended_at <= to_timestamp($1) ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            """);
        Add(command, NpgsqlDbType.Bigint, endedAtSecondsMax);
        Add(command, NpgsqlDbType.Integer, countMax);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql)
    {
        var command = _database.CreateCommand(sql);
        command.CommandTimeout = CommandTimeoutSeconds;
        return command;
    }

    private static void Add(NpgsqlCommand command, NpgsqlDbType type, object? value) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value ?? DBNull.Value });
}
