using System.Diagnostics;
using SwarmListener.Monitoring;

namespace SwarmListener.Storage;

/// <summary>
/// Keeps the tables in memory as the database says: loads the buckets that become ours, reads again what changed, lets go what passes to others.
/// </summary>
internal sealed class AccountKeeper(IAccountSource store, OwnedAccounts accounts, TimeProvider clock, ILogger<AccountKeeper> logger)
{
    /// <summary>
    /// How long a bucket is heard for after it was given up: its new owner looks every second, loads it, connects, and tells the nodes.
    /// </summary>
    public static readonly TimeSpan LeavingTime = TimeSpan.FromSeconds(15);

    /// <summary>Changes that may wait to be read; beyond that everything is read again, which costs no more.</summary>
    public const int ChangesMax = 100_000;

    private const int ReadMax = 1_000;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Session-v2 section 4.
    private static readonly TimeSpan CleanUpPeriod = TimeSpan.FromSeconds(30);

    private readonly Bell _bell = new(clock);
    private readonly Lock _gate = new();
    private readonly Dictionary<byte, DateTimeOffset> _leaving = [];
    private readonly HashSet<byte> _loaded = [];
    private HashSet<byte> _owned = [];
    private readonly HashSet<Guid> _changed = [];
    private bool _mustReadAll;
    private DateTimeOffset _nextCleanUp;

    /// <summary>True when all owned buckets are loaded.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>These buckets are ours, and no others.</summary>
    public void Own(IReadOnlySet<byte> buckets)
    {
        lock (_gate)
            _owned = [.. buckets];
        _bell.Ring();
    }

    /// <summary>These subscriptions changed.</summary>
    public void Changed(IEnumerable<(byte Bucket, Guid Id)> changes)
    {
        lock (_gate)
        {
            foreach (var (bucket, id) in changes)
            {
                if (_owned.Contains(bucket))
                    _changed.Add(id);
            }

            if (_changed.Count > ChangesMax)
            {
                _changed.Clear();
                _mustReadAll = true;
            }
        }

        _bell.Ring();
    }

    /// <summary>Changes may have been missed.</summary>
    public void ReadAllAgain()
    {
        lock (_gate)
            _mustReadAll = true;
        _bell.Ring();
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _bell.WaitAsync(Period, cancellationToken);
            try
            {
                await KeepAsync(cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                logger.SubscriptionsUnreadable(e.GetType().Name);
                await Task.Delay(Period, clock, cancellationToken);
            }
        }
    }

    /// <summary>One round: after it, what is in memory is what the database said when it began.</summary>
    internal async Task KeepAsync(CancellationToken cancellationToken)
    {
        HashSet<byte> owned;
        lock (_gate)
            owned = _owned;
        LetGo(owned);
        await LoadAsync([.. owned.Where(bucket => !_loaded.Contains(bucket))], cancellationToken);
        await ReadAllAsync(owned, cancellationToken);
        while (await ReadChangedAsync(cancellationToken))
        {
            // A batch at a time.
        }

        IsComplete = owned.Count > 0;
        if (clock.GetUtcNow() < _nextCleanUp)
            return;
        // One batch at a time, so that changes need not wait for a large clean-up.
        var mayBeMore = await store.DeleteExpiredAsync(Now, cancellationToken);
        _nextCleanUp = clock.GetUtcNow() + (mayBeMore ? TimeSpan.Zero : CleanUpPeriod);
    }

    private void LetGo(HashSet<byte> owned)
    {
        var now = clock.GetUtcNow();
        foreach (var bucket in _loaded.Where(bucket => !owned.Contains(bucket)).ToList())
        {
            _loaded.Remove(bucket);
            _leaving[bucket] = now + LeavingTime;
            accounts.Leave(bucket);
        }

        foreach (var bucket in _leaving.Where(leaving => leaving.Value <= now).Select(leaving => leaving.Key).ToList())
        {
            _leaving.Remove(bucket);
            accounts.Drop(bucket);
        }
    }

    private async Task LoadAsync(IReadOnlyCollection<byte> buckets, CancellationToken cancellationToken)
    {
        if (buckets.Count == 0)
            return;
        IsComplete = false;
        var watch = Stopwatch.StartNew();
        var (tables, refused) = await store.LoadAsync(buckets, Now, cancellationToken);
        foreach (var (bucket, table) in tables)
        {
            _leaving.Remove(bucket);
            accounts.Install(bucket, table);
            _loaded.Add(bucket);
        }

        logger.AccountsLoaded(tables.Values.Sum(table => table.Count), buckets.Count, watch.ElapsedMilliseconds);
        if (refused > 0)
            logger.TooManyKinds(refused);
    }

    // What was loaded a moment ago stays in place, row by row, so that nodes are told of differences only.
    private async Task ReadAllAsync(HashSet<byte> owned, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_mustReadAll)
                return;
            _mustReadAll = false;
        }

        try
        {
            var (tables, _) = await store.LoadAsync(owned, Now, cancellationToken);
            foreach (var (bucket, table) in tables)
            {
                if (accounts.Table(bucket) is { } present)
                    RemoveMissing(present, table);
                Adopt(bucket, table);
            }
        }
        catch
        {
            ReadAllAgain();
            throw;
        }
    }

    private async Task<bool> ReadChangedAsync(CancellationToken cancellationToken)
    {
        List<Guid> ids;
        lock (_gate)
        {
            if (_changed.Count == 0)
                return false;
            ids = [.. _changed.Take(ReadMax)];
            _changed.ExceptWith(ids);
        }

        try
        {
            var (changed, tables) = await store.ReadAccountsAsync(ids, Now, cancellationToken);
            foreach (var account in changed.Where(account => tables[account.Bucket].Find(account) < 0))
            {
                if (accounts.Table(account.Bucket) is not { } table)
                    continue;
                lock (table.Gate)
                    table.Remove(account);
            }

            foreach (var (bucket, table) in tables)
                Adopt(bucket, table);
            return true;
        }
        catch
        {
            lock (_gate)
                _changed.UnionWith(ids);
            throw;
        }
    }

    private void Adopt(byte bucket, AccountTable source)
    {
        if (accounts.Table(bucket) is not { } table)
            return;
        for (var row = 0; row < source.RowCount; row++)
        {
            if (!source.IsTaken(row))
                continue;
            lock (table.Gate)
            {
                if (table.Adopt(source, row))
                    accounts.Announce(new AccountRef(bucket, table.Find(source.Account(row))));
            }
        }
    }

    private static void RemoveMissing(AccountTable present, AccountTable table)
    {
        lock (present.Gate)
        {
            for (var row = 0; row < present.RowCount; row++)
            {
                if (!present.IsTaken(row) || table.Find(present.Account(row)) >= 0)
                    continue;
                var account = present.Account(row);
                present.Remove(account);
            }
        }
    }

    private uint Now => (uint)clock.GetUtcNow().ToUnixTimeSeconds();
}
