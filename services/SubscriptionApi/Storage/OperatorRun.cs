using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace SubscriptionApi.Storage;

/// <summary>How far a long piece of an operator's work has come.</summary>
/// <param name="Name">What work; one row for each.</param>
/// <param name="Position">Up to where it is done; empty at the beginning.</param>
/// <param name="Counts">What was counted so far, in an order that the work itself knows.</param>
/// <param name="Finished">True when it came to its end; the next run begins anew.</param>
internal sealed record OperatorRun(string Name, string Position, long[] Counts, bool Finished)
{
    private const string Write =
        """
        INSERT INTO operator_runs (name, position, counts, finished_at) VALUES ($1, $2, $3, CASE WHEN $4 THEN now() END)
        ON CONFLICT (name) DO UPDATE SET position = excluded.position, counts = excluded.counts, updated_at = now(), finished_at = excluded.finished_at,
            started_at = CASE WHEN operator_runs.finished_at IS NULL THEN operator_runs.started_at ELSE now() END
        """;

    /// <summary>The run of this name; null when there was none.</summary>
    public static async Task<OperatorRun?> FindAsync(NpgsqlDataSource database, string name, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT position, counts, finished_at IS NOT NULL FROM operator_runs WHERE name = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new OperatorRun(name, row.GetString(0), row.GetFieldValue<long[]>(1), row.GetBoolean(2))
            : null;
    }

    /// <summary>Writes it, in the transaction of the work if there is one.</summary>
    public async Task SaveAsync(NpgsqlConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Write, connection, (NpgsqlTransaction?)transaction);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Position });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint, Value = Counts });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = Finished });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
