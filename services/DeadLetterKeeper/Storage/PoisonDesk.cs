using System.Text.Json;
using Npgsql;

namespace DeadLetterKeeper.Storage;

/// <summary>What an operator may see and do with poison messages. Everything done is written into the audit table together with it.</summary>
internal sealed class PoisonDesk(NpgsqlDataSource database, string operatorName)
{
    public async Task<IReadOnlyList<PoisonSummary>> ListAsync(PoisonFilter filter, int countMax, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        command.CommandText =
            $"SELECT poison_id, kept_at, queue, reason, length(body), state, content_type, message_id FROM poison WHERE {filter.Where(command)} ORDER BY poison_id LIMIT {countMax}";
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<PoisonSummary>();
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(new PoisonSummary(
                row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3), row.GetInt32(4), row.GetString(5), Text(row, 6), Text(row, 7)));
        }

        return found;
    }

    /// <summary>
    /// Hands the next waiting message to <paramref name="work"/> and marks it as <paramref name="state"/> when that has succeeded. What is marked is never taken again;
    /// other operators pass over what is taken here.
    /// </summary>
    /// <returns>False when none waits.</returns>
    public async Task<bool> SettleNextAsync(
        PoisonFilter filter, string action, string state, Func<PoisonMessage, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var take = new NpgsqlCommand { Connection = connection };
        take.CommandText =
            $"""
            SELECT poison_id, queue, reason, headers::text, body, content_type, message_id FROM poison
            WHERE state = 'waiting' AND {filter.Where(take)} ORDER BY poison_id LIMIT 1 FOR UPDATE SKIP LOCKED
            """;
        long id;
        PoisonMessage message;
        await using (var row = await take.ExecuteReaderAsync(cancellationToken))
        {
            if (!await row.ReadAsync(cancellationToken))
                return false;
            id = row.GetInt64(0);
            message = new PoisonMessage(row.GetString(1), row.GetString(2), JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(3))!, row.GetFieldValue<byte[]>(4))
            {
                ContentType = Text(row, 5),
                MessageId = Text(row, 6),
            };
        }

        await work(message, cancellationToken);
        await using var mark = new NpgsqlCommand(
            """
            WITH audited AS (INSERT INTO audit (operator, action, chosen, letters) VALUES ($2, $3, $4, 1))
            UPDATE poison SET state = $5 WHERE poison_id = $1
            """,
            connection);
        mark.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        foreach (var text in (string[])[operatorName, action, filter.Words, state])
            mark.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
        await mark.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>Which poison messages an operator means; what is null does not matter.</summary>
internal sealed record PoisonFilter
{
    public long? Id { get; init; }

    /// <summary>The queue it came from.</summary>
    public string? Queue { get; init; }

    /// <summary>A part of the reason, in any case.</summary>
    public string? Reason { get; init; }

    public DateTimeOffset? Before { get; init; }

    public DateTimeOffset? After { get; init; }

    /// <summary>Those that nobody has settled yet.</summary>
    public bool Waiting { get; init; } = true;

    public bool NamesAny => (Id, Queue, Reason, Before, After) is not (null, null, null, null, null);

    /// <summary>For the audit.</summary>
    public string Words => FormattableString.Invariant($"poison {Id?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any"}, queue {Queue ?? "any"}, reason {Reason ?? "any"}, after {After:u}, before {Before:u}");

    public string Where(NpgsqlCommand command)
    {
        var conditions = new List<string> { Waiting ? "state = 'waiting'" : "true" };
        void Add<T>(string sql, T value)
        {
            command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
            conditions.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, $"${command.Parameters.Count}"));
        }

        if (Id is { } id)
            Add("poison_id = {0}", id);
        if (Queue is { } queue)
            Add("queue = {0}", queue);
        if (Reason is { } reason)
            Add("strpos(lower(reason), lower({0})) > 0", reason);
        if (Before is { } before)
            Add("kept_at < {0}", before.ToUniversalTime());
        if (After is { } after)
            Add("kept_at >= {0}", after.ToUniversalTime());
        return string.Join(" AND ", conditions);
    }
}

/// <summary>What an operator is shown of a poison message.</summary>
internal sealed record PoisonSummary(
    long Id, DateTimeOffset KeptAt, string Queue, string Reason, int Bytes, string State, string? ContentType, string? MessageId);
