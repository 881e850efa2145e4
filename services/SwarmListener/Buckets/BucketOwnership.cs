using Npgsql;
using Sotto.Hosting.Settings;
using SwarmListener.Storage;

namespace SwarmListener.Buckets;

/// <summary>
/// Holds this instance's fair share of the buckets: every second it looks who runs, takes what is free, and gives up what is too much. A bucket given
/// up is heard for a while longer (<see cref="AccountKeeper.LeavingTime"/>), until its new owner has told the nodes.
/// </summary>
/// <remarks>
/// When the connection that holds the locks is lost we own nothing, and try to have it all back; but nobody else may have noticed, or nobody may be
/// able to. So we go on hearing until the database says that another instance holds a bucket: the Encryptor drops what two instances heard, and
/// nothing brings back what none heard.
/// </remarks>
internal sealed class BucketOwnership(OpenBucketLocks open, AccountKeeper keeper, Random random, TimeProvider clock, ILogger<BucketOwnership> logger)
    : IAsyncDisposable
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>How long a key may be taken at start before that is an error: the locks of an instance that vanished live for up to 8 s.</summary>
    public static readonly TimeSpan KeyPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long an instance that ends waits for the others to take over its buckets.</summary>
    public static readonly TimeSpan PartingMax = TimeSpan.FromSeconds(8);

    // What the others need, once they hold a bucket, to load it and to tell the nodes.
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ComplaintPeriod = TimeSpan.FromMinutes(1);

    private readonly byte _home = (byte)random.Next(256);
    private IBucketLocks? _locks;
    private DateTimeOffset _nextKeyComplaint;
    private HashSet<byte> _owned = [];
    private int _held;
    private int _instances;

    /// <summary>Buckets held now; 0 while the connection is lost.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Instances that ran at the last look.</summary>
    public int Instances => Volatile.Read(ref _instances);

    /// <summary>Shows up in the database.</summary>
    /// <exception cref="SettingsException">Another instance runs with the same key.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var giveUpAt = clock.GetUtcNow() + KeyPatience;
        while (true)
        {
            try
            {
                _locks = await open(cancellationToken);
                return;
            }
            catch (KeyTakenException) when (clock.GetUtcNow() >= giveUpAt)
            {
                throw new SettingsException(
                    "Setting Swarm:PrivateKeyFile: another running instance uses the same key. Give each instance a key of its own, or none.");
            }
            catch (KeyTakenException)
            {
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            try
            {
                _locks ??= await open(cancellationToken);
                await BalanceAsync(_locks, cancellationToken);
            }
            catch (KeyTakenException)
            {
                ComplainOfKey();
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                await LoseAsync(e.GetType().Name);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>
    /// Gives everything up, and returns when the others hold it and have had time to tell the nodes; at once when there are no others.
    /// </summary>
    public async Task PartAsync(CancellationToken cancellationToken)
    {
        if (_locks is not { } locks)
            return;
        try
        {
            var giveUpAt = clock.GetUtcNow() + PartingMax;
            var former = _owned;
            await locks.ReleaseAllAsync(cancellationToken);
            Volatile.Write(ref _held, 0);
            while (clock.GetUtcNow() < giveUpAt)
            {
                var view = await locks.LookAsync(cancellationToken);
                if (view.Instances == 0)
                    return;
                if (view.Held.IsSupersetOf(former))
                {
                    await Task.Delay(SettlingTime, clock, cancellationToken);
                    return;
                }

                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or OperationCanceledException)
        {
            // The locks end with the connection in any case.
            logger.LocksLost(e.GetType().Name);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _locks, null) is { } locks)
            await locks.DisposeAsync();
    }

    private async Task BalanceAsync(IBucketLocks locks, CancellationToken cancellationToken)
    {
        var view = await locks.LookAsync(cancellationToken);
        var owned = new HashSet<byte>(view.Mine);
        // After a lost connection: what we heard for, and nobody else has taken, is ours first.
        List<byte> lost = [.. _owned.Where(bucket => !view.Held.Contains(bucket))];
        if (lost.Count > 0)
            owned.UnionWith(await locks.TryTakeAsync(lost, cancellationToken));
        var held = new HashSet<byte>(view.Held);
        held.UnionWith(owned);
        var (take, giveUp) = FairShare.Plan(owned, held, view.Instances, _home);
        if (take.Count > 0)
            owned.UnionWith(await locks.TryTakeAsync(take, cancellationToken));
        if (giveUp.Count > 0)
        {
            await locks.ReleaseAsync(giveUp, cancellationToken);
            owned.ExceptWith(giveUp);
        }

        Volatile.Write(ref _instances, view.Instances);
        Volatile.Write(ref _held, owned.Count);
        if (owned.SetEquals(_owned))
            return;
        logger.BucketsChanged(owned.Except(_owned).Count(), _owned.Except(owned).Count(), owned.Count, view.Instances);
        _owned = owned;
        keeper.Own(owned);
    }

    // At first it is likely to be our own connection, which the server has not yet given up.
    private void ComplainOfKey()
    {
        if (clock.GetUtcNow() < _nextKeyComplaint)
            return;
        logger.KeyTaken();
        _nextKeyComplaint = clock.GetUtcNow() + ComplaintPeriod;
    }

    private async Task LoseAsync(string reason)
    {
        Volatile.Write(ref _held, 0);
        if (_locks is not { } locks)
            return;
        _locks = null;
        _nextKeyComplaint = clock.GetUtcNow() + KeyPatience;
        logger.LocksLost(reason);
        await locks.DisposeAsync();
    }
}
