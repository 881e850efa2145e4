using System.Globalization;
using Npgsql;

namespace Encryptor.Storage;

/// <summary>Remembers which pushes were made lately. Thread-safe.</summary>
internal interface IDuplicateWindow
{
    /// <summary>
    /// Claims pushes in a transaction that stays open: nobody else makes them until it is committed, and nobody but us has made them. Publish them, then commit. Whoever is
    /// disposed before has claimed nothing.
    /// </summary>
    /// <param name="pushIds">Without repetition, in ascending order: two instances that claim the same ones must not wait for each other in a circle.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IPushClaim> ClaimAsync(Guid[] pushIds, CancellationToken cancellationToken);
}

/// <summary>Pushes that only we make, until this is committed or disposed.</summary>
internal interface IPushClaim : IAsyncDisposable
{
    /// <summary>What was claimed: the others have been made before.</summary>
    public IReadOnlySet<Guid> PushIds { get; }

    /// <summary>Claims some of them no longer: they are to be made another time. The others still wait for the commit.</summary>
    public Task GiveBackAsync(Guid[] pushIds, CancellationToken cancellationToken);

    /// <summary>Remembers them as made.</summary>
    public Task CommitAsync(CancellationToken cancellationToken);
}

/// <summary>Remembers which pushes were made lately, durably and for all instances together (decision 0003). Thread-safe.</summary>
internal sealed class DuplicateWindow(NpgsqlDataSource database) : IDuplicateWindow
{
    /// <summary>How long a rotation waits for pushes that are being made; those that come behind it wait as well. It is tried again later.</summary>
    private static readonly TimeSpan RotationWaitMax = TimeSpan.FromSeconds(2);

    // A claim is a memory of what is in the queues already. A database that dies within the 0.6 s (three times wal_writer_delay) until such a commit is surely on the disk forgets it, and with it no more
    // than a crash before the commit would.
    private const string Lightly = "SET LOCAL synchronous_commit TO off";

    // Whoever comes second waits here until the first has committed or died.
    private const string Insert =
        """
        INSERT INTO recent_pushes (push_id)
        SELECT id FROM unnest($1::uuid[]) AS id
        WHERE NOT EXISTS (SELECT FROM earlier_pushes WHERE push_id = id)
        ON CONFLICT DO NOTHING
        RETURNING push_id
        """;

    /// <inheritdoc/>
    public async Task<IPushClaim> ClaimAsync(Guid[] pushIds, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var batch = new NpgsqlBatch(connection, transaction)
            {
                BatchCommands = { new(Lightly), new(Insert) { Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = pushIds } } } },
            };
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            var claimed = new HashSet<Guid>(pushIds.Length);
            while (await reader.ReadAsync(cancellationToken))
                claimed.Add(reader.GetGuid(0));
            return new PushClaim(connection, transaction, claimed);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins a new window if the present one began <paramref name="length"/> ago. However many instances try, it is done once.</summary>
    /// <returns>True when this call did it.</returns>
    public async Task<bool> RotateAsync(DateTimeOffset now, TimeSpan length, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await IsDueAsync(connection, now, length, cancellationToken))
            return false;

        // The tables' own locks do the rest: they are granted when every claim of the old window has ended, and a claim that waits behind them looks the names up anew.
        await using var rotate = new NpgsqlCommand(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                SET LOCAL lock_timeout = {RotationWaitMax.TotalMilliseconds};
                LOCK TABLE recent_pushes, earlier_pushes IN ACCESS EXCLUSIVE MODE;
                TRUNCATE earlier_pushes;
                ALTER TABLE earlier_pushes RENAME TO next_pushes;
                ALTER TABLE recent_pushes RENAME TO earlier_pushes;
                ALTER TABLE next_pushes RENAME TO recent_pushes;
                """),
            connection);
        await rotate.ExecuteNonQueryAsync(cancellationToken);
        await using var remember = new NpgsqlCommand("UPDATE duplicate_window SET began_at = $1", connection);
        remember.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await remember.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static async Task<bool> IsDueAsync(NpgsqlConnection connection, DateTimeOffset now, TimeSpan length, CancellationToken cancellationToken)
    {
        // Whoever is second waits for this row, and then sees that it is done. A clock that was set back must not stop rotation for as long as it was ahead.
        await using var command = new NpgsqlCommand("SELECT abs(extract(epoch FROM $1 - began_at)) >= $2 FROM duplicate_window FOR UPDATE", connection);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = length.TotalSeconds });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }
}

internal sealed class PushClaim(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlySet<Guid> pushIds) : IPushClaim
{
    public IReadOnlySet<Guid> PushIds => pushIds;

    public async Task GiveBackAsync(Guid[] pushIds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("DELETE FROM recent_pushes WHERE push_id = ANY ($1)", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = pushIds });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task CommitAsync(CancellationToken cancellationToken) => transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
