using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sotto.Contracts;
using Sotto.Hosting;

namespace DeadLetterKeeper.Storage;

/// <summary>Puts letters away.</summary>
internal sealed class DeadLetterStore(NpgsqlDataSource database)
{
    private const string Keep =
        """
        INSERT INTO letters (push_id, dead_lettered_at, provider, outcome, reason, attempts, device_id, expires_at, push, history, app)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
        """;

    /// <summary>Keeps them; one that is there already stays as it is.</summary>
    public async Task KeepAsync(IReadOnlyCollection<PushDeadLettered> letters, CancellationToken cancellationToken)
    {
        if (letters.Count == 0)
            return;
        await using var command = database.CreateCommand(Keep);
        Add(command, NpgsqlDbType.Uuid, letters.Select(letter => letter.PushId).ToArray());
        Add(command, NpgsqlDbType.TimestampTz, letters.Select(letter => letter.DeadLetteredAt.ToUniversalTime()).ToArray());
        Add(command, NpgsqlDbType.Text, letters.Select(letter => letter.Provider).ToArray());
        Add(command, NpgsqlDbType.Text, letters.Select(letter => letter.Outcome ?? "").ToArray());
        Add(command, NpgsqlDbType.Text, letters.Select(letter => letter.Reason ?? "").ToArray());
        Add(command, NpgsqlDbType.Integer, letters.Select(letter => letter.Attempts).ToArray());
        Add(command, NpgsqlDbType.Bytea, letters.Select(letter => letter.Push.DeviceId).ToArray());
        Add(command, NpgsqlDbType.TimestampTz, letters.Select(letter => letter.Push.ExpiresAt.ToUniversalTime()).ToArray());
        Add(command, NpgsqlDbType.Jsonb, letters.Select(letter => JsonSerializer.Serialize(letter.Push)).ToArray());
        Add(command, NpgsqlDbType.Jsonb, letters.Select(letter => JsonSerializer.Serialize(letter.History ?? [])).ToArray());
        Add(command, NpgsqlDbType.Text, letters.Select(letter => letter.App).ToArray());
        CrashPoint.Pass("keeper.before-commit");
        await command.ExecuteNonQueryAsync(cancellationToken);
        CrashPoint.Pass("keeper.after-commit");
    }

    /// <summary>Keeps one message. It may be kept twice if this process dies at the wrong moment.</summary>
    public async Task KeepPoisonAsync(PoisonMessage message, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("INSERT INTO poison (queue, reason, headers, body, content_type, message_id) VALUES ($1, $2, $3, $4, $5, $6)");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message.Queue });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message.Reason });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Jsonb, Value = JsonSerializer.Serialize(message.Headers) });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bytea, Value = message.Body });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)message.ContentType ?? DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = (object?)message.MessageId ?? DBNull.Value });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Deletes what is older, whatever became of it.</summary>
    public async Task ForgetAsync(DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        foreach (var sql in (string[])["DELETE FROM letters WHERE dead_lettered_at < $1", "DELETE FROM poison WHERE kept_at < $1"])
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = oldest.ToUniversalTime() });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static void Add(NpgsqlCommand command, NpgsqlDbType type, object values) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = values });
}
