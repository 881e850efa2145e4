using System.Buffers.Binary;
using Npgsql;
using Sotto.Sodium;

namespace SwarmListener.Buckets;

/// <summary>Who runs, and who holds what, as the database sees it.</summary>
/// <param name="Instances">Instances that run; this one is included until it gives up everything.</param>
/// <param name="Mine">Buckets that this instance holds.</param>
/// <param name="Held">Buckets that any instance holds.</param>
internal sealed record LockView(int Instances, IReadOnlySet<byte> Mine, IReadOnlySet<byte> Held);

/// <summary>Another instance runs with the same X25519 key.</summary>
internal sealed class KeyTakenException() : Exception("Another instance uses the same X25519 key.");

/// <summary>The locks of one instance, for as long as nothing throws. Not thread-safe.</summary>
internal interface IBucketLocks : IAsyncDisposable
{
    /// <summary>Who runs, and who holds what.</summary>
    public Task<LockView> LookAsync(CancellationToken cancellationToken);

    /// <summary>Takes those of the buckets that are free, and returns them.</summary>
    public Task<IReadOnlyList<byte>> TryTakeAsync(IReadOnlyCollection<byte> buckets, CancellationToken cancellationToken);

    /// <summary>Gives buckets up.</summary>
    public Task ReleaseAsync(IReadOnlyCollection<byte> buckets, CancellationToken cancellationToken);

    /// <summary>Gives up everything, presence and key included: to the others this instance has ended.</summary>
    public Task ReleaseAllAsync(CancellationToken cancellationToken);
}

/// <summary>Shows up among the instances, with no bucket yet.</summary>
/// <exception cref="KeyTakenException">Another instance runs with our key.</exception>
internal delegate Task<IBucketLocks> OpenBucketLocks(CancellationToken cancellationToken);

/// <summary>
/// The advisory locks of one instance, all on one connection: one for its key, one that says it is there, and one for each bucket. The server
/// releases them the moment the connection ends, however it ends.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class BucketLocks : IBucketLocks
{
    // Classes of two-number advisory locks of this database; any constants do, as long as every version of the listener uses the same.
    private const int PresenceClass = 0x534C50;
    private const int BucketClass = 0x534C42;
    private const int CommandTimeoutSeconds = 3;

    // A machine that vanished is noticed after 2 + 3 * 2 s, and its buckets are free.
    private const string SessionSettings =
        "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 8000";

    private readonly NpgsqlConnection _connection;

    private BucketLocks(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Opens the connection, and takes the locks on key and presence.</summary>
    /// <exception cref="KeyTakenException">Another instance runs with this key.</exception>
    public static async Task<IBucketLocks> OpenAsync(NpgsqlDataSource database, ReadOnlyMemory<byte> publicKey, CancellationToken cancellationToken)
    {
        var locks = new BucketLocks(await database.OpenConnectionAsync(cancellationToken));
        try
        {
            await locks.ExecuteAsync(SessionSettings, cancellationToken);
            if (!await locks.TryLockAsync("SELECT pg_try_advisory_lock($1)", [LockOf(publicKey.Span)], cancellationToken))
                throw new KeyTakenException();
            while (!await locks.TryLockAsync("SELECT pg_try_advisory_lock($1, $2)", [PresenceClass, Random.Shared.Next()], cancellationToken))
            {
                // Somebody drew the same number out of two billion: draw again.
            }

            return locks;
        }
        catch
        {
            await locks.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<LockView> LookAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(
            """
            SELECT classid::bigint, objid::bigint, pid = pg_backend_pid()
            FROM pg_locks
            WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid::bigint IN ($1, $2)
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """,
            (long)PresenceClass,
            (long)BucketClass);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (instances, mine, held) = (0, new HashSet<byte>(), new HashSet<byte>());
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.GetInt64(0) == PresenceClass)
            {
                instances++;
                continue;
            }

            var bucket = (byte)reader.GetInt64(1);
            held.Add(bucket);
            if (reader.GetBoolean(2))
                mine.Add(bucket);
        }

        return new LockView(instances, mine, held);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<byte>> TryTakeAsync(IReadOnlyCollection<byte> buckets, CancellationToken cancellationToken)
    {
        await using var command = Command(
            "SELECT bucket FROM unnest($1) AS bucket WHERE pg_try_advisory_lock($2, bucket)",
            buckets.Select(bucket => (int)bucket).ToArray(),
            BucketClass);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var taken = new List<byte>();
        while (await reader.ReadAsync(cancellationToken))
            taken.Add((byte)reader.GetInt32(0));
        return taken;
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(IReadOnlyCollection<byte> buckets, CancellationToken cancellationToken)
    {
        await using var command = Command(
            "SELECT pg_advisory_unlock($2, bucket) FROM unnest($1) AS bucket", buckets.Select(bucket => (int)bucket).ToArray(), BucketClass);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReleaseAllAsync(CancellationToken cancellationToken) => ExecuteAsync("SELECT pg_advisory_unlock_all()", cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    // Two listeners with one key would take each other's connections. The lock is on a hash, since the names of locks can be seen.
    private static long LockOf(ReadOnlySpan<byte> publicKey)
    {
        Span<byte> hash = stackalloc byte[Blake2b.HashSizeMin];
        Blake2b.Hash("sotto listener key"u8, publicKey, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    private async Task<bool> TryLockAsync(string sql, object[] names, CancellationToken cancellationToken)
    {
        await using var command = Command(sql, names);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, _connection) { CommandTimeout = CommandTimeoutSeconds };
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
