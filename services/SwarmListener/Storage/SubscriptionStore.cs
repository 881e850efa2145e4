using System.Data;
using Npgsql;
using Sotto.Hosting;
using Sotto.Session;
using SwarmListener.Monitoring;

namespace SwarmListener.Storage;

/// <summary>Where accounts and what is asked for them are read from. Thread-safe.</summary>
internal interface IAccountSource
{
    /// <summary>Reads all that is asked for the accounts of these buckets, about a million rows in one to two seconds.</summary>
    /// <returns>A table for each bucket, and how many subscriptions were too many for their accounts.</returns>
    public Task<(Dictionary<byte, AccountTable> Tables, int Refused)> LoadAsync(IReadOnlyCollection<byte> buckets, uint now, CancellationToken cancellationToken);

    /// <summary>Reads anew what is asked for the accounts of these subscriptions.</summary>
    /// <returns>The accounts by bucket, and a table of what is left of each of them.</returns>
    public Task<(List<AccountId> Accounts, Dictionary<byte, AccountTable> Tables)> ReadAccountsAsync(
        IReadOnlyCollection<Guid> ids, uint now, CancellationToken cancellationToken);

    /// <summary>Deletes a bounded number of expired rows. True when there may be more.</summary>
    public Task<bool> DeleteExpiredAsync(uint now, CancellationToken cancellationToken);
}

/// <summary>The listener's table of subscriptions. Thread-safe.</summary>
internal sealed class SubscriptionStore(NpgsqlDataSource database) : IAccountSource
{
    /// <summary>Channel on which the database tells every instance which subscriptions changed: see <see cref="ChangedIds"/>.</summary>
    public const string Channel = "swarm_listener_changes";

    /// <summary>Most changes in one statement: 34 characters of notice each, and PostgreSQL takes notices of less than 8000 bytes.</summary>
    public const int ChangesMax = 200;

    private const int DeletedMax = 5_000;
    private const int LoadTimeoutSeconds = 300;

    /// <summary>Stores changes, each if it is newer than what is stored, and tells every instance. One statement: all or nothing.</summary>
    public async Task ApplyAsync(IReadOnlyCollection<SubscriptionRow> changes, CancellationToken cancellationToken)
    {
        // One statement cannot touch a row twice; of one subscription the newest change counts.
        var rows = changes.GroupBy(row => row.Id).Select(group => group.MaxBy(row => row.Revision)!).ToArray();
        foreach (var chunk in rows.Chunk(ChangesMax))
            await ApplyChunkAsync(chunk, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<(Dictionary<byte, AccountTable> Tables, int Refused)> LoadAsync(
        IReadOnlyCollection<byte> buckets, uint now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT account, kind, signed_at, expires_at, request FROM subscriptions
            WHERE bucket = ANY($1) AND NOT withdrawn AND expires_at > $2
            """,
            connection)
        {
            CommandTimeout = LoadTimeoutSeconds,
            Parameters = { new() { Value = buckets.Select(bucket => (short)bucket).ToArray() }, new() { Value = (long)now } },
        };
        var tables = buckets.ToDictionary(bucket => bucket, _ => new AccountTable());
        var refused = await ReadAsync(command, tables, cancellationToken);
        foreach (var table in tables.Values)
            table.Trim();
        return (tables, refused);
    }

    /// <inheritdoc/>
    public async Task<(List<AccountId> Accounts, Dictionary<byte, AccountTable> Tables)> ReadAccountsAsync(
        IReadOnlyCollection<Guid> ids, uint now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // Both reads must see the same state: an account that is gone from the second only would be forgotten.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var accounts = new List<AccountId>();
        await using (var command = new NpgsqlCommand("SELECT DISTINCT account FROM subscriptions WHERE id = ANY($1)", connection, transaction))
        {
            command.Parameters.Add(new() { Value = ids.ToArray() });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                accounts.Add(AccountId.Create((byte[])reader[0]));
        }

        var tables = accounts.Select(account => account.Bucket).Distinct().ToDictionary(bucket => bucket, _ => new AccountTable());
        await using (var command = new NpgsqlCommand(
            """
            SELECT account, kind, signed_at, expires_at, request
            FROM subscriptions JOIN unnest($1, $2) AS wanted (bucket, account) USING (bucket, account)
            WHERE NOT withdrawn AND expires_at > $3
            """,
            connection,
            transaction))
        {
            command.Parameters.Add(new() { Value = accounts.Select(account => (short)account.Bucket).ToArray() });
            command.Parameters.Add(new() { Value = accounts.Select(account => account.ToArray()).ToArray() });
            command.Parameters.Add(new() { Value = (long)now });
            await ReadAsync(command, tables, cancellationToken);
        }

        return (accounts, tables);
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteExpiredAsync(uint now, CancellationToken cancellationToken)
    {
        // Every instance cleans up; rows that another one is deleting are left to it.
        await using var command = database.CreateCommand(
            """
            DELETE FROM subscriptions WHERE id = ANY(ARRAY(
                SELECT id FROM subscriptions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
            """);
        command.Parameters.Add(new() { Value = (long)now });
        command.Parameters.Add(new() { Value = DeletedMax });
        return await command.ExecuteNonQueryAsync(cancellationToken) == DeletedMax;
    }

    private async Task ApplyChunkAsync(SubscriptionRow[] rows, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            WITH changed AS (
                INSERT INTO subscriptions AS stored (id, revision, withdrawn, account, bucket, kind, signed_at, expires_at, request)
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (id) DO UPDATE SET
                    revision = excluded.revision, withdrawn = excluded.withdrawn, account = excluded.account, bucket = excluded.bucket,
                    kind = excluded.kind, signed_at = excluded.signed_at, expires_at = excluded.expires_at, request = excluded.request
                WHERE stored.revision < excluded.revision
                RETURNING id, bucket)
            SELECT pg_notify($10, string_agg(lpad(to_hex(bucket::int), 2, '0') || replace(id::text, '-', ''), '')) FROM changed HAVING count(*) > 0
            """);
        Add(rows.Select(row => row.Id));
        Add(rows.Select(row => row.Revision));
        Add(rows.Select(row => row.Withdrawn));
        Add(rows.Select(row => row.Account.ToArray()));
        Add(rows.Select(row => (short)row.Account.Bucket));
        Add(rows.Select(row => row.Upstream.Kind));
        Add(rows.Select(row => (long)row.Upstream.SignedAt));
        Add(rows.Select(row => (long)row.Upstream.ExpiresAt));
        Add(rows.Select(row => row.Request));
        command.Parameters.Add(new() { Value = Channel });
        CrashPoint.Pass("listener.before-commit");
        await command.ExecuteNonQueryAsync(cancellationToken);
        CrashPoint.Pass("listener.after-commit");

        void Add<T>(IEnumerable<T> values) => command.Parameters.Add(new() { Value = values.ToArray() });
    }

    // Column by column into two buffers: no object for a row.
    private static async Task<int> ReadAsync(NpgsqlCommand command, Dictionary<byte, AccountTable> tables, CancellationToken cancellationToken)
    {
        var refused = 0;
        var accountBytes = new byte[AccountId.Size];
        var request = new byte[1024];
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            reader.GetBytes(0, 0, accountBytes, 0, AccountId.Size);
            var upstream = new Upstream(reader.GetInt64(1), (uint)reader.GetInt64(2), (uint)reader.GetInt64(3));
            var length = (int)reader.GetBytes(4, 0, null, 0, 0);
            if (length > request.Length)
                request = new byte[length * 2];
            reader.GetBytes(4, 0, request, 0, length);

            var account = AccountId.Create(accountBytes);
            if (tables.TryGetValue(account.Bucket, out var table) && !table.Put(account, upstream, request.AsSpan(0, length)))
                refused++;
        }

        return refused;
    }
}
