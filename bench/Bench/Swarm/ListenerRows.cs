using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Sotto.Bencode;
using Sotto.Session;
using Sotto.Sodium;

namespace Sotto.Bench.Swarm;

/// <summary>Subscriptions as the listener keeps them, written straight into its table: made by the accounts' own keys, so that any node may verify them.</summary>
internal static class ListenerRows
{
    /// <summary>What a client of groups asks for: revoked keys, messages, keys.</summary>
    public static readonly short[] Namespaces = [-11, 11, 12];

    private const long LifetimeSeconds = 14 * 24 * 60 * 60;
    private const int ChunkRows = 20_000;

    // Equal for equal wishes; all of these ask the same.
    private const long Kind = 1;

    /// <summary>Group accounts (03): a node need not convert their keys, which would cost it 20 us for each; to the listener all accounts are alike.</summary>
    /// <returns>The accounts, 33 bytes each.</returns>
    public static async Task<IReadOnlyList<byte[]>> FillAsync(string connectionString, int count, Action<string> say, CancellationToken cancellation)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var accounts = new List<byte[]>(count);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellation);
        for (var first = 0; first < count; first += ChunkRows)
        {
            var rows = new (AccountId Account, byte[] Request)[Math.Min(ChunkRows, count - first)];
            var begin = first;
            Parallel.For(0, rows.Length, i => rows[i] = Make(begin + i, now));
            await CopyAsync(connection, rows, now, cancellation);
            accounts.AddRange(rows.Select(row => row.Account.ToArray()));
            if (first % (10 * ChunkRows) == 0)
                say($"{first + rows.Length:N0} of {count:N0} subscriptions are in the database");
        }

        await using var analyze = new NpgsqlCommand("ANALYZE swarm_listener.subscriptions; CHECKPOINT", connection) { CommandTimeout = 300 };
        await analyze.ExecuteNonQueryAsync(cancellation);
        return accounts;
    }

    /// <summary>One of them: always the same account for a number.</summary>
    public static (AccountId Account, byte[] Request) Make(int number, long now)
    {
        Span<byte> account = stackalloc byte[AccountId.Size];
        Span<byte> secretKey = stackalloc byte[Ed25519.SecretKeySize];
        Ed25519.KeyPairFromSeed(SHA256.HashData(BitConverter.GetBytes(number)), account[1..], secretKey);
        account[0] = AccountId.GroupPrefix;
        var id = AccountId.Create(account);
        var signature = new byte[Ed25519.SignatureSize];
        var text = string.Create(CultureInfo.InvariantCulture, $"MONITOR{Convert.ToHexStringLower(account)}{now}1{string.Join(',', Namespaces)}");
        Ed25519.Sign(Encoding.ASCII.GetBytes(text), secretKey, signature);
        var writer = new BencodeWriter();
        MonitorRequest.Append(writer, new MonitorSubscription(id, null, null, null, Namespaces, WantsData: true, now, signature));
        return (id, writer.ToArray());
    }

    private static async Task CopyAsync(NpgsqlConnection connection, IEnumerable<(AccountId Account, byte[] Request)> rows, long now, CancellationToken cancellation)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            "COPY swarm_listener.subscriptions (id, revision, withdrawn, account, bucket, kind, signed_at, expires_at, request) FROM STDIN (FORMAT BINARY)", cancellation);
        foreach (var (account, request) in rows)
        {
            await copy.StartRowAsync(cancellation);
            await copy.WriteAsync(Guid.NewGuid(), NpgsqlDbType.Uuid, cancellation);
            await copy.WriteAsync(1L, NpgsqlDbType.Bigint, cancellation);
            await copy.WriteAsync(false, NpgsqlDbType.Boolean, cancellation);
            await copy.WriteAsync(account.ToArray(), NpgsqlDbType.Bytea, cancellation);
            await copy.WriteAsync((short)account.Bucket, NpgsqlDbType.Smallint, cancellation);
            await copy.WriteAsync(Kind, NpgsqlDbType.Bigint, cancellation);
            await copy.WriteAsync(now, NpgsqlDbType.Bigint, cancellation);
            await copy.WriteAsync(now + LifetimeSeconds, NpgsqlDbType.Bigint, cancellation);
            await copy.WriteAsync(request, NpgsqlDbType.Bytea, cancellation);
        }

        await copy.CompleteAsync(cancellation);
    }
}
