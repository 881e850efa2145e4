using Simulation.Running;
using Sotto.Session;
using SwarmListener;
using SwarmListener.Buckets;
using SwarmListener.Hearing;
using SwarmListener.Monitoring;
using SwarmListener.Storage;

namespace Simulation.Listening;

/// <summary>One running listener: ownership, tables, schedule, queues, audience and filter are the listener's own; what talks to nodes is not.</summary>
internal sealed class ListenerProcess
{
    private static readonly SwarmSettings Settings = new();

    private readonly Scheduler _scheduler;
    private readonly ListeningWorld _world;
    private readonly CancellationTokenSource _holding = new();
    private readonly BucketOwnership _ownership;
    private readonly AccountKeeper _keeper;
    private readonly MonitorSchedule _schedule;
    private readonly Audience _audience;
    private readonly DuplicateFilter _filter;
    private readonly Dictionary<StorageNode, MonitorQueue> _queues = [];
    private readonly Dictionary<StorageNode, DateTimeOffset> _connectedSince = [];
    private DateTimeOffset _nextSlowCheck;

    /// <summary>Starts one; must run in its process.</summary>
    public ListenerProcess(Scheduler scheduler, ListeningWorld world, Process process)
    {
        (_scheduler, _world, Process) = (scheduler, world, process);
        _keeper = new AccountKeeper(world.Database, Accounts, scheduler.Time, NullLogger<AccountKeeper>.Instance);
        _ownership = new BucketOwnership(_ => world.Locks.OpenAsync(process), _keeper, scheduler.Random, scheduler.Time, NullLogger<BucketOwnership>.Instance);
        _schedule = new MonitorSchedule(Accounts, scheduler.Random);
        _audience = new Audience(Accounts, scheduler.Time);
        _filter = new DuplicateFilter(Settings, scheduler.Time);
        process.Died += () =>
        {
            foreach (var node in _connectedSince.Keys)
                node.Forget(process);
        };
        Arrange();
        foreach (var node in world.Nodes)
            Connect(node);
        process.Start(HoldAsync);
        process.Start(KeepAsync);
        process.Start(MonitorAsync);
    }

    public Process Process { get; }

    public OwnedAccounts Accounts { get; } = new();

    /// <summary>True while it asks nodes about the accounts of a bucket.</summary>
    public bool Asks(byte bucket) => Accounts.Table(bucket) is not null && !Accounts.IsLeaving(bucket);

    /// <summary>Since when the node hears us; null when it does not.</summary>
    public DateTimeOffset? ConnectedSince(StorageNode node) => _connectedSince.TryGetValue(node, out var since) ? since : null;

    /// <summary>The network changed its shape.</summary>
    public void Arrange()
    {
        foreach (var node in _world.Nodes)
            _queues.TryAdd(node, new MonitorQueue());
        _audience.Arrange(_world.Map, _scheduler.Time.GetUtcNow());
        _schedule.Arrange(_world.Map, [.. _world.Nodes.Select(node => (_queues[node], node.Swarms.Current))]);
    }

    public void Connect(StorageNode node)
    {
        _connectedSince[node] = _scheduler.Time.GetUtcNow();
        _schedule.Connected(_queues[node]);
    }

    public void Disconnect(StorageNode node)
    {
        _connectedSince.Remove(node);
        node.Forget(Process);
        _queues[node].Disconnect();
    }

    public void Changed(Subscribed subscribed) => _keeper.Changed([(subscribed.Account.Bucket, subscribed.Id)]);

    /// <summary>What the change feed does when it listens anew.</summary>
    public void ReadAllAgain() => _keeper.ReadAllAgain();

    /// <summary>Gives its buckets up, hears on until the others have taken over, and ends.</summary>
    public async Task PartAsync()
    {
        _holding.Cancel();
        await _ownership.PartAsync(CancellationToken.None);
        Process.Kill();
    }

    /// <summary>Ends the looks every second, when nothing changes any more: hours are played faster then.</summary>
    public void StayAsItIs() => _holding.Cancel();

    /// <summary>A node says that a message arrived.</summary>
    /// <returns>What became of the message; null when it is a copy.</returns>
    public Refusal? Hear(StorageNode node, AccountId account, string hash, bool canPublish)
    {
        var refusal = _audience.Judge(node.Swarms, account);
        if (refusal != Refusal.None)
            return refusal;
        var key = _filter.KeyOf(account, 0, hash, 0);
        if (!_filter.TryAdd(key))
            return null;
        if (canPublish)
            return Refusal.None;
        _filter.Forget(key);
        return Refusal.NoRoom;
    }

    private async Task HoldAsync()
    {
        await _ownership.StartAsync(_holding.Token);
        await _ownership.RunAsync(_holding.Token);
    }

    private async Task KeepAsync()
    {
        while (true)
        {
            await Task.Delay(_world.KeeperPace, _scheduler.Time);
            try
            {
                await _keeper.KeepAsync(CancellationToken.None);
            }
            catch (IOException)
            {
                // As its own loop does: the next round is soon.
            }
        }
    }

    private async Task MonitorAsync()
    {
        while (true)
        {
            await Task.Delay(_world.Pace, _scheduler.Time);
            if (_scheduler.Time.GetUtcNow() >= _nextSlowCheck)
            {
                _nextSlowCheck = _scheduler.Time.GetUtcNow() + TimeSpan.FromSeconds(Settings.SlowCheckSeconds);
                _schedule.Check(Now);
            }

            var (installed, announced) = Accounts.TakeNews();
            foreach (var bucket in installed)
                _schedule.AnnounceAll(bucket, Now);
            foreach (var account in announced)
                _schedule.Announce(account, Now);
            foreach (var (node, queue) in _queues)
            {
                while (queue.MaySend && _schedule.Take(queue, Now) is { } body)
                    _ = AskAsync(node, queue, body);
            }
        }
    }

    private async Task AskAsync(StorageNode node, MonitorQueue queue, MonitorBody body)
    {
        var session = queue.Session;
        var accounts = Read(body.Finish().Span);
        var isLost = _scheduler.Chance(_world.RequestLoss);
        await _scheduler.Delay(_scheduler.Between(0.01, 1));
        if (queue.Session == session && !isLost)
        {
            foreach (var account in accounts)
                _world.Asked(this, node, account);
        }

        if (isLost)
            queue.Failed(session, body.Accounts);
        else
            queue.Answered(session);
        body.Dispose();
    }

    private static List<AccountId> Read(ReadOnlySpan<byte> body)
    {
        var accounts = new List<AccountId>();
        for (var rest = body[1..^1]; !rest.IsEmpty; rest = rest[(AccountId.Size + 3)..])
            accounts.Add(AccountId.Create(rest.Slice(3, AccountId.Size)));
        return accounts;
    }

    private uint Now => (uint)_scheduler.Time.GetUtcNow().ToUnixTimeSeconds();
}
