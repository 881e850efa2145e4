using Npgsql;
using NpgsqlTypes;
using Sotto.Session;

namespace SubscriptionApi.Storage;

/// <summary>
/// What an operator may see and do with the subscriptions. Nothing that it gives holds an account, a token or a key; changes go through the outbox like every
/// other change, so a SubscriptionApi must run to publish them.
/// </summary>
internal sealed class SubscriptionDesk(NpgsqlDataSource database)
{
    private const int CommandTimeoutSeconds = 60;

    private const string Columns =
        """
        subscription_id, account, session_ed25519, subaccount_token, subaccount_signature, signature, signature_ts, wants_data, namespaces,
        provider, device_id, sealed_device_token, sealed_envelope_key
        """;

    private const string Summary =
        """
        SELECT subscription_id, provider, namespaces, wants_data, get_byte(account, 0), subaccount_token IS NOT NULL, revision, created_at, renewed_at, signature_ts,
            (SELECT count(*) FROM outbox WHERE outbox.subscription_id = held.subscription_id)
        FROM subscriptions AS held
        """;

    // The order of rows is the order of their ids, so that whoever was stopped knows what comes next.
    private const string Replay =
        $"""
        WITH batch AS (SELECT * FROM subscriptions WHERE subscription_id > $1 ORDER BY subscription_id LIMIT $2 FOR SHARE),
        told AS (INSERT INTO outbox (change, revision, {Columns}) SELECT 'replayed', revision, {Columns} FROM batch)
        SELECT count(*), (SELECT subscription_id FROM batch ORDER BY subscription_id DESC LIMIT 1) FROM batch
        """;

    /// <summary>How many there are for each provider, and of these how many end within a day.</summary>
    public async Task<IReadOnlyList<ProviderCount>> CountAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT provider, count(*), count(*) FILTER (WHERE signature_ts <= $1) FROM subscriptions GROUP BY provider ORDER BY provider");
        command.CommandTimeout = CommandTimeoutSeconds;
        var endingSoon = now.ToUnixTimeSeconds() - SignatureTime.MonitorLifetimeSeconds + (long)TimeSpan.FromDays(1).TotalSeconds;
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = endingSoon });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var counts = new List<ProviderCount>();
        while (await rows.ReadAsync(cancellationToken))
            counts.Add(new ProviderCount(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2)));
        return counts;
    }

    /// <summary>At most <paramref name="countMax"/> of those that the filter names, by id, those after <paramref name="after"/> only.</summary>
    public async Task<IReadOnlyList<SubscriptionSummary>> ListAsync(SubscriptionFilter filter, Guid after, int countMax, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        command.CommandTimeout = CommandTimeoutSeconds;
        var where = filter.Where(command);
        command.CommandText = $"{Summary} WHERE {where} AND subscription_id > {Parameter(command, NpgsqlDbType.Uuid, after)} ORDER BY subscription_id LIMIT {countMax}";
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<SubscriptionSummary>();
        while (await rows.ReadAsync(cancellationToken))
            found.Add(Read(rows));
        return found;
    }

    /// <summary>Withdraws at most <paramref name="countMax"/> of those that the filter names.</summary>
    /// <returns>How many.</returns>
    public async Task<int> WithdrawAsync(SubscriptionFilter filter, int countMax, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        command.CommandTimeout = CommandTimeoutSeconds;
        command.CommandText =
            $"""
            WITH gone AS (
                DELETE FROM subscriptions WHERE subscription_id IN (
                    SELECT subscription_id FROM subscriptions WHERE {filter.Where(command)} ORDER BY subscription_id LIMIT {countMax} FOR UPDATE)
                RETURNING *),
            ended AS ({SubscriptionStore.Remember} SELECT account, provider, device_id, greatest(now(), to_timestamp(signature_ts)) FROM gone {SubscriptionStore.OrLater})
            INSERT INTO outbox (change, revision, {Columns}) SELECT 'withdrawn', nextval('revisions'), {Columns} FROM gone
            """;
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Tells the other services of the next <paramref name="countMax"/> subscriptions once more, and saves <paramref name="run"/> as it is after that.</summary>
    /// <remarks>The revision stays: who has it already does nothing, who has lost it takes it.</remarks>
    public async Task<OperatorRun> ReplayAsync(OperatorRun run, int countMax, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Replay, connection, transaction) { CommandTimeout = CommandTimeoutSeconds };
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = run.Position.Length == 0 ? Guid.Empty : Guid.Parse(run.Position) });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = countMax });
        OperatorRun after;
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            var count = row.GetInt64(0);
            after = run with
            {
                Position = count > 0 ? row.GetGuid(1).ToString() : run.Position,
                Counts = [run.Counts[0] + count],
                Finished = count < countMax,
            };
        }

        await after.SaveAsync(connection, transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return after;
    }

    internal static string Parameter(NpgsqlCommand command, NpgsqlDbType type, object value)
    {
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value });
        return $"${command.Parameters.Count}";
    }

    private static SubscriptionSummary Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Provider = row.GetString(1),
        Namespaces = row.GetFieldValue<short[]>(2),
        WantsData = row.GetBoolean(3),
        AccountPrefix = row.GetInt32(4).ToString("x2", System.Globalization.CultureInfo.InvariantCulture),
        SignedBySubaccount = row.GetBoolean(5),
        Revision = row.GetInt64(6),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(7),
        RenewedAt = row.GetFieldValue<DateTimeOffset>(8),
        ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(9) + SignatureTime.MonitorLifetimeSeconds),
        ChangesWaiting = row.GetInt64(10),
    };
}

/// <summary>Which subscriptions an operator means; what is null does not matter.</summary>
internal sealed record SubscriptionFilter
{
    public Guid? Id { get; init; }

    /// <summary>33 bytes. Only ever given by the operator, never shown.</summary>
    public byte[]? Account { get; init; }

    public string? Provider { get; init; }

    /// <summary>Neither made nor renewed since then.</summary>
    public DateTimeOffset? RenewedBefore { get; init; }

    public bool NamesAny => (Id, Account, Provider, RenewedBefore) is not (null, null, null, null);

    public string Where(NpgsqlCommand command)
    {
        var conditions = new List<string> { "true" };
        if (Id is { } id)
            conditions.Add($"subscription_id = {SubscriptionDesk.Parameter(command, NpgsqlDbType.Uuid, id)}");
        if (Account is { } account)
            conditions.Add($"account = {SubscriptionDesk.Parameter(command, NpgsqlDbType.Bytea, account)}");
        if (Provider is { } provider)
            conditions.Add($"provider = {SubscriptionDesk.Parameter(command, NpgsqlDbType.Text, provider)}");
        if (RenewedBefore is { } instant)
            conditions.Add($"renewed_at < {SubscriptionDesk.Parameter(command, NpgsqlDbType.TimestampTz, instant.ToUniversalTime())}");
        return string.Join(" AND ", conditions);
    }

    /// <summary>Never the account.</summary>
    public override string ToString() => nameof(SubscriptionFilter);
}

/// <summary>How many subscriptions a provider has, and how many of them end within a day unless they are renewed.</summary>
internal sealed record ProviderCount(string Provider, long Count, long EndingWithinADay);

/// <summary>What an operator is shown of a subscription.</summary>
internal sealed record SubscriptionSummary
{
    public required Guid Id { get; init; }

    public required string Provider { get; init; }

    public required short[] Namespaces { get; init; }

    public required bool WantsData { get; init; }

    /// <summary>The kind of account, two hex digits: 05 a person, 03 a group.</summary>
    public required string AccountPrefix { get; init; }

    public required bool SignedBySubaccount { get; init; }

    public required long Revision { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset RenewedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Changes of it that the other services have not been told yet.</summary>
    public required long ChangesWaiting { get; init; }
}
