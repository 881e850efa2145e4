using Sotto.Session;

namespace SwarmListener.Monitoring;

/// <summary>
/// The tables of the buckets that this instance hears for. Looked into by the I/O thread at every notification, changed by <c>AccountKeeper</c>.
/// </summary>
/// <remarks>Thread-safe; a table itself is guarded by its gate.</remarks>
internal sealed class OwnedAccounts
{
    /// <summary>Into so many buckets accounts fall (<see cref="AccountId.Bucket"/>).</summary>
    public const int BucketCount = 256;

    private readonly AccountTable?[] _tables = new AccountTable?[BucketCount];
    private readonly bool[] _isLeaving = new bool[BucketCount];
    private readonly Lock _gate = new();
    private List<AccountRef> _announced = [];
    private List<byte> _installed = [];

    /// <summary>The bucket's table, or null when the bucket is not ours.</summary>
    public AccountTable? Table(byte bucket) => Volatile.Read(ref _tables[bucket]);

    /// <summary>True for a bucket that another instance is taking over: it is still heard for, and no more asked for.</summary>
    public bool IsLeaving(byte bucket) => Volatile.Read(ref _isLeaving[bucket]);

    /// <summary>True when messages of this account are to be passed on.</summary>
    public bool Hears(in AccountId account)
    {
        if (Table(account.Bucket) is not { } table)
            return false;
        lock (table.Gate)
            return table.Find(account) >= 0;
    }

    /// <summary>Accounts in all tables.</summary>
    public int Count()
    {
        var count = 0;
        for (var bucket = 0; bucket < BucketCount; bucket++)
            count += Table((byte)bucket)?.Count ?? 0;
        return count;
    }

    /// <summary>Begins to hear for a bucket.</summary>
    public void Install(byte bucket, AccountTable table)
    {
        Volatile.Write(ref _isLeaving[bucket], false);
        Volatile.Write(ref _tables[bucket], table);
        lock (_gate)
            _installed.Add(bucket);
    }

    /// <summary>Goes on hearing for a bucket, but asks no more for its accounts.</summary>
    public void Leave(byte bucket) => Volatile.Write(ref _isLeaving[bucket], true);

    /// <summary>Ends hearing for a bucket.</summary>
    public void Drop(byte bucket) => Volatile.Write(ref _tables[bucket], null);

    /// <summary>Asks that storage servers are told of this account at once.</summary>
    public void Announce(AccountRef account)
    {
        lock (_gate)
            _announced.Add(account);
    }

    /// <summary>What was installed and announced since the last call.</summary>
    public (IReadOnlyList<byte> Installed, IReadOnlyList<AccountRef> Announced) TakeNews()
    {
        lock (_gate)
        {
            if (_installed.Count == 0 && _announced.Count == 0)
                return ([], []);
            var news = (_installed, _announced);
            (_installed, _announced) = ([], []);
            return news;
        }
    }
}
