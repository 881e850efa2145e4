using Npgsql;

namespace Sotto.Cli.Import;

/// <summary>Reads the existing server's database, and changes nothing in it.</summary>
internal sealed class SpnsSource(NpgsqlDataSource database)
{
    private const int CommandTimeoutSeconds = 300;

    private const string Read =
        """
        SELECT id, account, session_ed25519, subaccount_tag, subaccount_sig, signature, signature_ts, want_data, enc_key, service, svcid,
            ARRAY(SELECT namespace FROM sub_namespaces WHERE subscription = subscriptions.id ORDER BY namespace)
        FROM subscriptions WHERE id > $1 ORDER BY id LIMIT $2
        """;

    /// <summary>How many rows each service has.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken)
    {
        await using var command = Command("SELECT service, count(*) FROM subscriptions GROUP BY service ORDER BY service");
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellationToken))
            counts[rows.GetString(0)] = rows.GetInt64(1);
        return counts;
    }

    /// <summary>The next rows by id, at most <paramref name="countMax"/>.</summary>
    public async Task<IReadOnlyList<SpnsRow>> ReadAsync(long afterId, int countMax, CancellationToken cancellationToken)
    {
        await using var command = Command(Read);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = afterId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = countMax });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var read = new List<SpnsRow>(countMax);
        while (await rows.ReadAsync(cancellationToken))
            read.Add(Row(rows));
        return read;
    }

    private static SpnsRow Row(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Account = row.GetFieldValue<byte[]>(1),
        SessionEd25519 = OptionalBytes(row, 2),
        SubaccountToken = OptionalBytes(row, 3),
        SubaccountSignature = OptionalBytes(row, 4),
        Signature = row.GetFieldValue<byte[]>(5),
        SignedAtSeconds = row.GetInt64(6),
        WantsData = row.GetBoolean(7),
        EnvelopeKey = row.GetFieldValue<byte[]>(8),
        Service = row.GetString(9),
        ServiceId = row.GetString(10),
        Namespaces = row.GetFieldValue<short[]>(11),
    };

    private static byte[]? OptionalBytes(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    private NpgsqlCommand Command(string sql)
    {
        var command = database.CreateCommand(sql);
        command.CommandTimeout = CommandTimeoutSeconds;
        return command;
    }
}
