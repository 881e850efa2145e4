using Npgsql;
using NpgsqlTypes;
using Sotto.Contracts;

namespace Sotto.Bench.Subscribe;

/// <summary>The SubscriptionApi's own table, filled by COPY. What is in the rows is made up: no request that adds a phone reads any of it, but each must find its place among them.</summary>
internal static class ApiTable
{
    private const int AccountBytes = 33;
    private const int SealedTokenBytes = 180;
    private const int SealedKeyBytes = 80;
    private const int ReportEvery = 250_000;

    // None may expire while it is measured: signatures are good for 14 days.
    private const int SignatureAgeSecondsMax = 13 * 86_400;

    public static async Task FillAsync(string connectionString, int count, Action<string> say, CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = "subscription_api" });
        await using (var connection = await database.OpenConnectionAsync(cancellation))
        {
            await using var copy = await connection.BeginBinaryImportAsync(
                """
                COPY subscriptions (subscription_id, account, session_ed25519, signature, signature_ts, wants_data, namespaces, provider, device_id, sealed_device_token,
                    sealed_envelope_key, revision, created_at, renewed_at) FROM STDIN (FORMAT BINARY)
                """,
                cancellation);
            var (random, now) = (new Random(1), TimeProvider.System.GetUtcNow());
            for (var number = 1; number <= count; number++)
            {
                await WriteAsync(copy, random, number, now, cancellation);
                if (number % ReportEvery == 0)
                    say($"{number:N0} of {count:N0} rows are in the table ...");
            }

            await copy.CompleteAsync(cancellation);
        }

        // Statistics as a server that has run for a while has them, and nothing left to be written while we measure.
        await using var settle = database.CreateCommand($"SELECT setval('revisions', (SELECT max(revision) FROM subscriptions)); ANALYZE subscriptions; CHECKPOINT");
        settle.CommandTimeout = 600;
        await settle.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Rows of one of its tables.</summary>
    public static async Task<long> CountAsync(NpgsqlDataSource database, string table, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"SELECT count(*) FROM subscription_api.{table}");
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter copy, Random random, int number, DateTimeOffset now, CancellationToken cancellation)
    {
        await copy.StartRowAsync(cancellation);
        await copy.WriteAsync(Guid.NewGuid(), cancellation);
        await copy.WriteAsync(Bytes(random, AccountBytes), cancellation);
        await copy.WriteAsync(Bytes(random, 32), cancellation);
        await copy.WriteAsync(Bytes(random, 64), cancellation);
        await copy.WriteAsync(now.ToUnixTimeSeconds() - random.Next(SignatureAgeSecondsMax), cancellation);
        await copy.WriteAsync(true, cancellation);
        await copy.WriteAsync(new short[] { 0 }, cancellation);
        await copy.WriteAsync(Provider.Apns, cancellation);
        await copy.WriteAsync(Bytes(random, 32), cancellation);
        await copy.WriteAsync(Bytes(random, SealedTokenBytes), cancellation);
        await copy.WriteAsync(Bytes(random, SealedKeyBytes), cancellation);
        await copy.WriteAsync((long)number, cancellation);
        await copy.WriteAsync(now, NpgsqlDbType.TimestampTz, cancellation);
        await copy.WriteAsync(now, NpgsqlDbType.TimestampTz, cancellation);
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
