using System.Data;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Sotto.Storage;

/// <summary>Brings one service's schema up to date: each embedded script once, in order of its number, under a lock that all instances share.</summary>
/// <remarks>
/// Scripts are embedded resources named <c>Migrations.0001-what-it-does.sql</c>. Each runs in one transaction together with the
/// row that remembers it; a failure leaves the schema at the last good number.
/// </remarks>
public static class Migrations
{
    private const string Prefix = "Migrations.";

    // Any constant does, as long as every instance of every version uses the same one.
    private const int LockClass = 0x536F;

    // A script may rewrite a large table, and the other instances wait for it.
    private static readonly TimeSpan ScriptTimeout = TimeSpan.FromMinutes(30);

    /// <summary>Runs what has not yet run in <paramref name="schema"/>, creating the schema first.</summary>
    /// <param name="database">Where; the role needs the right to create the schema if it is absent.</param>
    /// <param name="schema">The service's own schema, such as <c>encryptor</c>.</param>
    /// <param name="scripts">The assembly that embeds the scripts.</param>
    /// <param name="logger">Told of each script that ran.</param>
    /// <param name="cancellationToken">Ends the wait for the lock and the scripts.</param>
    /// <exception cref="PostgresException">A script failed; nothing of it remains.</exception>
    /// <exception cref="InvalidOperationException">A script has a number below one that ran already; it would run in another order elsewhere.</exception>
    public static async Task RunAsync(
        NpgsqlDataSource database, string schema, Assembly scripts, ILogger logger, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({LockClass}, hashtext('{schema}'))", cancellationToken);
        try
        {
            await CreateSchemaAsync(connection, schema, cancellationToken);
            var ran = await RanAsync(connection, cancellationToken);
            foreach (var (number, name, sql) in Scripts(scripts).Where(script => !ran.Contains(script.Number)))
            {
                if (ran.Any(other => other > number))
                    throw new InvalidOperationException($"Migration {name} of schema {schema} comes too late: {ran.Max():0000} ran already.");
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                await ExecuteAsync(connection, sql, cancellationToken);
                await ExecuteAsync(connection, $"INSERT INTO migrations (number, name) VALUES ({number}, '{name}')", cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                logger.MigrationRan(schema, name);
            }
        }
        finally
        {
            // The connection goes back to the pool: what it was told must not outlive this call. A broken one is not given back.
            if (connection.State == ConnectionState.Open)
                await ExecuteAsync(connection, $"RESET search_path; SELECT pg_advisory_unlock({LockClass}, hashtext('{schema}'))", CancellationToken.None);
        }
    }

    private static async Task CreateSchemaAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        // CREATE SCHEMA IF NOT EXISTS demands the right to create one even where there is one.
        await using var exists = new NpgsqlCommand("SELECT to_regnamespace($1) IS NOT NULL", connection) { Parameters = { new() { Value = schema } } };
        if (!(bool)(await exists.ExecuteScalarAsync(cancellationToken))!)
            await ExecuteAsync(connection, $"CREATE SCHEMA \"{schema}\"", cancellationToken);
        await ExecuteAsync(
            connection,
            $"""
            SET search_path TO "{schema}";
            CREATE TABLE IF NOT EXISTS migrations (number int PRIMARY KEY, name text NOT NULL, ran_at timestamptz NOT NULL DEFAULT now());
            """,
            cancellationToken);
    }

    private static async Task<HashSet<int>> RanAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(array_agg(number), '{}') FROM migrations", connection);
        return [.. (int[])(await command.ExecuteScalarAsync(cancellationToken))!];
    }

    private static IEnumerable<(int Number, string Name, string Sql)> Scripts(Assembly assembly) =>
        assembly.GetManifestResourceNames()
            .Where(resource => resource.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(resource =>
            {
                var name = Path.GetFileNameWithoutExtension(resource[Prefix.Length..]);
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                return (int.Parse(name[..4], CultureInfo.InvariantCulture), name, reader.ReadToEnd());
            })
            .OrderBy(script => script.Item1);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)ScriptTimeout.TotalSeconds };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
