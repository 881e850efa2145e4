using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sotto.Contracts;

namespace DeadLetterKeeper.Storage;

/// <summary>What an operator may see and do with dead letters. Everything done is written into the audit table together with it.</summary>
internal sealed class DeadLetterDesk(NpgsqlDataSource database, string operatorName)
{
    private const string Summary = "SELECT push_id, dead_lettered_at, provider, outcome, reason, attempts, expires_at, state, octet_length(push::text), history::text, app FROM letters";

    /// <summary>The reason of a letter whose token was said to be dead, and not believed: see MassFailureGuard.</summary>
    public const string DoubtedPrefix = "doubted:";

    public async Task<IReadOnlyList<LetterSummary>> ListAsync(LetterFilter filter, int countMax, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        command.CommandText = $"{Summary} WHERE {filter.Where(command)} ORDER BY dead_lettered_at, push_id LIMIT {countMax}";
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<LetterSummary>();
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(new LetterSummary(
                row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5), row.GetFieldValue<DateTimeOffset>(6), row.GetString(7), row.GetInt32(8),
                JsonSerializer.Deserialize<IReadOnlyList<PushAttempt>>(row.GetString(9))!, row.IsDBNull(10) ? null : row.GetString(10)));
        }

        return found;
    }

    /// <summary>Devices whose tokens were said to be dead and not believed.</summary>
    public async Task<IReadOnlyList<QuarantineSummary>> QuarantinedAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT provider, app, reason, count(DISTINCT device_id), count(*), min(dead_lettered_at), max(dead_lettered_at)
            FROM letters WHERE {LetterFilter.Quarantined.Where(null)} GROUP BY provider, app, reason ORDER BY provider, app, reason
            """);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<QuarantineSummary>();
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(new QuarantineSummary(
                row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4), row.GetFieldValue<DateTimeOffset>(5), row.GetFieldValue<DateTimeOffset>(6)));
        }

        return found;
    }

    /// <summary>
    /// Hands the next waiting letters, at most <paramref name="countMax"/>, to <paramref name="work"/>, and marks those that it says it did as <paramref name="state"/> and the others
    /// as discarded when it has succeeded. What is marked is never taken again; other operators pass over what is taken here.
    /// </summary>
    public async Task<Settled> SettleAsync(
        LetterFilter filter, string action, string state, int countMax, Func<IReadOnlyList<Letter>, CancellationToken, Task<IReadOnlyCollection<Letter>>> work, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var letters = await TakeAsync(connection, filter, countMax, cancellationToken);
        if (letters.Count == 0)
            return default;

        var done = await work(letters, cancellationToken);
        var left = letters.Except(done).ToList();
        await MarkAsync(connection, done, state, action, filter.Words, cancellationToken);
        await MarkAsync(connection, left, "discarded", "discard", filter.Words, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new Settled(done.Count, left.Count);
    }

    private static async Task<List<Letter>> TakeAsync(NpgsqlConnection connection, LetterFilter filter, int countMax, CancellationToken cancellationToken)
    {
        await using var take = new NpgsqlCommand { Connection = connection };
        take.CommandText =
            $"SELECT push_id, dead_lettered_at, push::text FROM letters WHERE state = 'waiting' AND {filter.Where(take)} ORDER BY dead_lettered_at, push_id LIMIT {countMax} FOR UPDATE SKIP LOCKED";
        var letters = new List<Letter>();
        await using var row = await take.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            letters.Add(new Letter(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), JsonSerializer.Deserialize<EncryptedPush>(row.GetString(2))!));
        return letters;
    }

    private async Task MarkAsync(
        NpgsqlConnection connection, IReadOnlyCollection<Letter> letters, string state, string action, string chosen, CancellationToken cancellationToken)
    {
        if (letters.Count == 0)
            return;

        await using var mark = new NpgsqlCommand(
            """
            WITH audited AS (INSERT INTO audit (operator, action, chosen, letters) VALUES ($3, $4, $5, $6))
            UPDATE letters SET state = $7 FROM unnest($1, $2) AS done (id, at) WHERE push_id = done.id AND dead_lettered_at = done.at
            """,
            connection);
        mark.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid, Value = letters.Select(letter => letter.PushId).ToArray() });
        mark.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, Value = letters.Select(letter => letter.DeadLetteredAt.ToUniversalTime()).ToArray() });
        foreach (var text in (string[])[operatorName, action, chosen])
            mark.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
        mark.Parameters.Add(new NpgsqlParameter<int> { TypedValue = letters.Count });
        mark.Parameters.Add(new NpgsqlParameter<string> { TypedValue = state });
        await mark.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>Which letters an operator means; what is null does not matter.</summary>
internal sealed record LetterFilter
{
    public static LetterFilter Quarantined { get; } = new() { Doubted = true };

    public Guid? PushId { get; init; }

    public string? Provider { get; init; }

    /// <summary>The app's name, as clients name it.</summary>
    public string? App { get; init; }

    /// <summary>A part of the outcome or of the reason, in any case.</summary>
    public string? Reason { get; init; }

    public DateTimeOffset? Before { get; init; }

    public DateTimeOffset? After { get; init; }

    /// <summary>Only those whose token was said to be dead and not believed.</summary>
    public bool Doubted { get; init; }

    /// <summary>Those that nobody has settled yet.</summary>
    public bool Waiting { get; init; } = true;

    public bool NamesAny => Doubted || (PushId, Provider, App, Reason, Before, After) is not (null, null, null, null, null, null);

    /// <summary>For the audit.</summary>
    public string Words => FormattableString.Invariant($"id {PushId?.ToString() ?? "any"}, provider {Provider ?? "any"}, app {App ?? "any"}, reason {Reason ?? "any"}, after {After:u}, before {Before:u}{(Doubted ? ", doubted" : "")}");

    public string Where(NpgsqlCommand? command)
    {
        var conditions = new List<string> { Waiting ? "state = 'waiting'" : "true" };
        void Add<T>(string sql, T value)
        {
            command!.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
            conditions.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, $"${command.Parameters.Count}"));
        }

        if (Doubted)
            conditions.Add($"outcome = 'TOKEN_DEAD' AND starts_with(reason, '{DeadLetterDesk.DoubtedPrefix}')");
        if (PushId is { } id)
            Add("push_id = {0}", id);
        if (Provider is { } provider)
            Add("provider = {0}", provider);
        if (App is { } app)
            Add("app = {0}", app);
        if (Reason is { } reason)
            Add("strpos(lower(outcome || ' ' || reason), lower({0})) > 0", reason);
        if (Before is { } before)
            Add("dead_lettered_at < {0}", before.ToUniversalTime());
        if (After is { } after)
            Add("dead_lettered_at >= {0}", after.ToUniversalTime());
        return string.Join(" AND ", conditions);
    }
}

/// <summary>How many letters were settled: as was wanted, and because nothing could be done with them any more.</summary>
internal readonly record struct Settled(int Done, int Discarded)
{
    public int All => Done + Discarded;

    public static Settled operator +(Settled one, Settled other) => new(one.Done + other.Done, one.Discarded + other.Discarded);
}

/// <summary>A letter with its push.</summary>
internal sealed record Letter(Guid PushId, DateTimeOffset DeadLetteredAt, EncryptedPush Push);

/// <summary>What an operator is shown of a letter.</summary>
internal sealed record LetterSummary(
    Guid PushId, DateTimeOffset DeadLetteredAt, string Provider, string Outcome, string Reason, int Attempts, DateTimeOffset ExpiresAt, string State, int Bytes, IReadOnlyList<PushAttempt> History, string? App);

/// <summary>What an operator is shown of tokens that were said to be dead and not believed.</summary>
internal sealed record QuarantineSummary(string Provider, string? App, string Reason, long Devices, long Pushes, DateTimeOffset First, DateTimeOffset Last);
