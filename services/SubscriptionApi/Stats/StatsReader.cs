using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;

namespace SubscriptionApi.Stats;

/// <summary>Everything that the existing server's <c>admin.get_stats</c> tells (session-v2 section 5.10), counted over all instances of all services.</summary>
internal sealed class StatsReader(NpgsqlDataSource database)
{
    /// <summary>A service that reported within this time is alive (session-v2 section 5.10).</summary>
    public static readonly TimeSpan AliveFor = TimeSpan.FromSeconds(60);

    private static readonly int[] RateMinutes = [60, 10, 1];

    /// <summary>The document.</summary>
    public async Task<JsonObject> ReadAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var counted = await ReadAsync(connection, "SELECT provider, name, value FROM stats", row => (Provider: row.GetString(0), Name: row.GetString(1), Value: row.GetInt64(2)), cancellationToken);
        var totals = await ReadAsync(connection, "SELECT series, sum(value) FROM service_totals GROUP BY series", row => (Name: SeriesName.Parse(row.GetString(0)), Value: row.GetDouble(1)), cancellationToken);
        var instances = await ReadAsync(connection, "SELECT service, started_at, last_seen, gauges::text, facts::text FROM service_instances", Instance.Read, cancellationToken);
        var seen = await ReadAsync(connection, "SELECT provider, last_seen FROM provider_last_seen ORDER BY provider", row => (Provider: row.GetString(0), At: row.GetFieldValue<DateTimeOffset>(1)), cancellationToken);
        var minutes = await ReadAsync(connection, "SELECT provider, minute, notifies FROM provider_minutes", row => (Provider: row.GetString(0), Minute: row.GetFieldValue<DateTimeOffset>(1), Notifies: row.GetInt64(2)), cancellationToken);
        var subscriptions = await ReadAsync(connection, "SELECT provider, count(*) FROM subscriptions GROUP BY provider ORDER BY provider", row => (Provider: row.GetString(0), Count: row.GetInt64(1)), cancellationToken);
        var alive = instances.Where(instance => now - instance.LastSeen <= AliveFor).ToList();

        var stats = new JsonObject
        {
            ["notifications"] = Sum(totals.Where(entry => StatsNames.IsHandedOver(entry.Name))),
            ["pushes"] = Sum(totals.Where(entry => StatsNames.IsHeard(entry.Name))),
            ["subscription"] = counted.Where(entry => entry.Name == "added").Sum(entry => entry.Value),
            ["sub_renew"] = counted.Where(entry => entry.Name == "renewed").Sum(entry => entry.Value),
        };
        foreach (var (provider, at) in seen)
        {
            stats[$"last.{provider}"] = at.ToUnixTimeSeconds();
            stats[$"alive.{provider}"] = now - at <= AliveFor;
        }

        stats["notifier"] = Notifiers(
            [.. seen.Select(entry => entry.Provider).Union(counted.Select(entry => entry.Provider), StringComparer.Ordinal).Order(StringComparer.Ordinal)], counted, totals, minutes, now);
        var counts = new JsonObject(subscriptions.Select(entry => KeyValuePair.Create<string, JsonNode?>(entry.Provider, entry.Count))) { ["total"] = subscriptions.Sum(entry => entry.Count) };
        stats["subscriptions"] = counts;
        AddNetwork(stats, alive);
        stats["uptime"] = alive.Count == 0 ? 0 : (now - alive.Min(instance => instance.StartedAt)).TotalSeconds;
        stats["instances"] = new JsonObject(alive.GroupBy(instance => instance.Service, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => KeyValuePair.Create<string, JsonNode?>(group.Key, group.Count())));
        return stats;
    }

    // Several listeners share the accounts, and each has its own connections; the chain is one.
    private static void AddNetwork(JsonObject stats, List<Instance> alive)
    {
        long[] Values(string metric) => [.. alive.Select(instance => instance.Gauges.GetValueOrDefault(metric, -1)).Where(value => value >= 0).Select(value => (long)value)];
        // Of listeners that are not equally far, the one that is farthest.
        stats["block_hash"] = alive.Where(instance => instance.Facts.ContainsKey(StatsNames.BlockHash)).MaxBy(instance => instance.Gauges.GetValueOrDefault(StatsNames.Height))
            ?.Facts[StatsNames.BlockHash] ?? "";
        stats["block_height"] = Values(StatsNames.Height).DefaultIfEmpty().Max();
        stats["swarms"] = Values(StatsNames.Swarms).DefaultIfEmpty().Max();
        stats["snodes"] = Values(StatsNames.Nodes).DefaultIfEmpty().Max();
        stats["accounts_monitored"] = Values(StatsNames.Accounts).Sum();
        stats["connections"] = Values(StatsNames.Connected).Sum();
        stats["pending_connections"] = Values(StatsNames.Connecting).Sum();
    }

    private static JsonObject Notifiers(
        List<string> providers,
        List<(string Provider, string Name, long Value)> counted,
        List<(SeriesName Name, double Value)> totals,
        List<(string Provider, DateTimeOffset Minute, long Notifies)> minutes,
        DateTimeOffset now)
    {
        var notifiers = new JsonObject();
        foreach (var provider in providers)
        {
            var own = totals.Where(entry => entry.Name.Provider == provider).ToList();
            var one = new JsonObject
            {
                ["notifies"] = Sum(own.Where(entry => StatsNames.IsNotified(entry.Name))),
                ["notify_retries"] = Sum(own.Where(entry => StatsNames.IsRetried(entry.Name))),
                ["failures"] = Sum(own.Where(entry => StatsNames.IsFailure(entry.Name))),
                ["subscription"] = counted.Where(entry => entry.Provider == provider && entry.Name == "added").Sum(entry => entry.Value),
                ["sub_renew"] = counted.Where(entry => entry.Provider == provider && entry.Name == "renewed").Sum(entry => entry.Value),
            };
            foreach (var window in RateMinutes)
            {
                // Whole minutes that lie inside the window; the reference divides once more, by the number of its samples, which says nothing.
                var taken = minutes.Where(entry => entry.Provider == provider && entry.Minute > now - TimeSpan.FromMinutes(window)).Sum(entry => entry.Notifies);
                if (taken > 0)
                    one[string.Create(CultureInfo.InvariantCulture, $"notifies_per_day.{window}m")] = (long)Math.Round(taken * TimeSpan.FromDays(1).TotalMinutes / window);
            }

            notifiers[provider] = one;
        }

        return notifiers;
    }

    private static long Sum(IEnumerable<(SeriesName Name, double Value)> totals) => (long)totals.Sum(entry => entry.Value);

    private static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<T>();
        while (await rows.ReadAsync(cancellationToken))
            found.Add(read(rows));
        return found;
    }

    private sealed record Instance(string Service, DateTimeOffset StartedAt, DateTimeOffset LastSeen, Dictionary<string, double> Gauges, Dictionary<string, string> Facts)
    {
        public static Instance Read(NpgsqlDataReader row) => new(
            row.GetString(0), row.GetFieldValue<DateTimeOffset>(1), row.GetFieldValue<DateTimeOffset>(2),
            JsonSerializer.Deserialize<Dictionary<string, double>>(row.GetString(3)) ?? [],
            JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(4)) ?? []);
    }
}
