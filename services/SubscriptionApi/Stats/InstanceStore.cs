using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sotto.Contracts;

namespace SubscriptionApi.Stats;

/// <summary>Keeps what instances report, and the sums over all that ever ran.</summary>
internal sealed class InstanceStore(NpgsqlDataSource database)
{
    /// <summary>An instance that said nothing for so long is forgotten; what it counted stays in the sums.</summary>
    public static readonly TimeSpan InstanceLifetime = TimeSpan.FromDays(1);

    /// <summary>How far back rates are told (session-v2 section 8.6).</summary>
    public static readonly TimeSpan RateWindowMax = TimeSpan.FromMinutes(60);

    // Made first if need be, so that two reports of a new instance wait for each other.
    private const string Lock =
        """
        INSERT INTO service_instances (instance, service, sequence, started_at, last_seen, counters, gauges) VALUES ($1, $2, 0, $3, $4, '{}', '{}')
        ON CONFLICT (instance) DO UPDATE SET instance = excluded.instance
        RETURNING sequence, counters::text
        """;

    private const string Update = "UPDATE service_instances SET sequence = $2, last_seen = $3, counters = $4, gauges = $5, facts = $6 WHERE instance = $1";

    // Sorted, so that two instances of this service never wait for each other's rows.
    private const string AddTotals =
        """
        INSERT INTO service_totals (service, series, value) SELECT $1, series, value FROM unnest($2, $3) AS grown (series, value) ORDER BY series
        ON CONFLICT (service, series) DO UPDATE SET value = service_totals.value + excluded.value
        """;

    private const string AddMinutes =
        """
        INSERT INTO provider_minutes (provider, minute, notifies) SELECT provider, date_trunc('minute', $1), notifies FROM unnest($2, $3) AS grown (provider, notifies) ORDER BY provider
        ON CONFLICT (provider, minute) DO UPDATE SET notifies = provider_minutes.notifies + excluded.notifies
        """;

    private const string See =
        """
        INSERT INTO provider_last_seen (provider, last_seen) SELECT provider, $1 FROM unnest($2) AS served (provider) ORDER BY provider
        ON CONFLICT (provider) DO UPDATE SET last_seen = greatest(provider_last_seen.last_seen, excluded.last_seen)
        """;

    /// <summary>Takes a report, unless a newer one of the same instance was taken before.</summary>
    public async Task TakeAsync(ServiceStats report, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var counters = report.Counters.Where(entry => entry.Key.Length <= SeriesName.LengthMax).Take(ServiceStats.SeriesMax).ToDictionary(StringComparer.Ordinal);
        var gauges = report.Gauges.Where(entry => entry.Key.Length <= SeriesName.LengthMax).Take(ServiceStats.SeriesMax).ToDictionary(StringComparer.Ordinal);
        var facts = report.Facts.Where(entry => entry.Key.Length <= ServiceStats.FactLengthMax && entry.Value.Length <= ServiceStats.FactLengthMax).Take(ServiceStats.FactsMax)
            .ToDictionary(StringComparer.Ordinal);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (sequence, before) = await LockAsync(connection, report, now, cancellationToken);
        if (report.Sequence <= sequence)
            return;
        // One that is unknown though it has run for longer than any is remembered was forgotten: what it counted before is in the sums, and only what it counts from now on is added.
        if (sequence == 0 && report.StartedAt < now - InstanceLifetime)
            before = counters;
        await ExecuteAsync(
            connection, Update, cancellationToken,
            (NpgsqlDbType.Uuid, report.Instance), (NpgsqlDbType.Bigint, report.Sequence), (NpgsqlDbType.TimestampTz, now.ToUniversalTime()),
            (NpgsqlDbType.Jsonb, JsonSerializer.Serialize(counters)), (NpgsqlDbType.Jsonb, JsonSerializer.Serialize(gauges)),
            (NpgsqlDbType.Jsonb, JsonSerializer.Serialize(facts)));

        var grown = counters.Select(entry => (Series: entry.Key, By: entry.Value - before.GetValueOrDefault(entry.Key))).Where(entry => entry.By > 0).ToList();
        await ExecuteAsync(
            connection, AddTotals, cancellationToken,
            (NpgsqlDbType.Text, report.Service), (NpgsqlDbType.Array | NpgsqlDbType.Text, grown.Select(entry => entry.Series).ToArray()),
            (NpgsqlDbType.Array | NpgsqlDbType.Double, grown.Select(entry => entry.By).ToArray()));
        var taken = grown.Select(entry => (Name: SeriesName.Parse(entry.Series), entry.By)).Where(entry => StatsNames.IsNotified(entry.Name) && entry.Name.Provider is not null)
            .GroupBy(entry => entry.Name.Provider!, StringComparer.Ordinal).ToList();
        await ExecuteAsync(
            connection, AddMinutes, cancellationToken,
            (NpgsqlDbType.TimestampTz, now.ToUniversalTime()), (NpgsqlDbType.Array | NpgsqlDbType.Text, taken.Select(group => group.Key).ToArray()),
            (NpgsqlDbType.Array | NpgsqlDbType.Bigint, taken.Select(group => (long)group.Sum(entry => entry.By)).ToArray()));
        var served = gauges.Keys.Select(SeriesName.Parse).Where(StatsNames.IsServed).Select(name => name.Provider).OfType<string>().Distinct(StringComparer.Ordinal);
        await ExecuteAsync(
            connection, See, cancellationToken,
            (NpgsqlDbType.TimestampTz, now.ToUniversalTime()), (NpgsqlDbType.Array | NpgsqlDbType.Text, served.ToArray()));
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Forgets instances that are long gone, and minutes that no rate needs.</summary>
    public async Task ForgetAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, "DELETE FROM service_instances WHERE last_seen < $1", cancellationToken, (NpgsqlDbType.TimestampTz, (now - InstanceLifetime).ToUniversalTime()));
        await ExecuteAsync(connection, "DELETE FROM provider_minutes WHERE minute < $1", cancellationToken, (NpgsqlDbType.TimestampTz, (now - (2 * RateWindowMax)).ToUniversalTime()));
    }

    private static async Task<(long Sequence, Dictionary<string, double> Counters)> LockAsync(
        NpgsqlConnection connection, ServiceStats report, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Lock, connection);
        Add(command, (NpgsqlDbType.Uuid, report.Instance), (NpgsqlDbType.Text, report.Service), (NpgsqlDbType.TimestampTz, report.StartedAt.ToUniversalTime()), (NpgsqlDbType.TimestampTz, now.ToUniversalTime()));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), JsonSerializer.Deserialize<Dictionary<string, double>>(row.GetString(1)) ?? []);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params (NpgsqlDbType Type, object Value)[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        Add(command, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Add(NpgsqlCommand command, params (NpgsqlDbType Type, object Value)[] parameters)
    {
        foreach (var (type, value) in parameters)
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value });
    }
}
