using Sotto.Session;

namespace SwarmListener.Monitoring;

/// <summary>
/// Who must be told what, and when: every account of ours, at every connected node of its swarm, at once when it is new there, and again after 45 to
/// 55 minutes (session-v2 section 5.6). Pure but for the tables it looks into; time and chance are given.
/// </summary>
/// <remarks>
/// One due time for each account, whichever node: a node that connects later is told everything then, and again with the others. Not thread-safe:
/// belongs to the monitor loop; tables are looked into under their gates.
/// </remarks>
internal sealed class MonitorSchedule(OwnedAccounts accounts, Random random)
{
    /// <summary>Earliest renewal. A storage server forgets after 65 minutes, and ought to be told within 60 (oxenmq section 6).</summary>
    public static readonly TimeSpan RenewalMin = TimeSpan.FromMinutes(45);

    /// <summary>Latest renewal, but for the slow check that notices it.</summary>
    public static readonly TimeSpan RenewalMax = TimeSpan.FromMinutes(55);

    private Dictionary<ulong, List<MonitorQueue>> _members = [];
    private Dictionary<ulong, List<byte>> _buckets = [];

    /// <summary>Which swarm holds an account, at present.</summary>
    public SwarmMap Map { get; private set; } = new([]);

    /// <summary>The swarms that hold accounts of ours.</summary>
    public HashSet<ulong> Needed { get; private set; } = [];

    /// <summary>Takes over the network's present shape: its swarms, and which node belongs to which.</summary>
    /// <param name="map">The present swarms; the same object as before when they have not changed.</param>
    /// <param name="nodes">Every node and its swarm.</param>
    public void Arrange(SwarmMap map, IReadOnlyCollection<(MonitorQueue Node, ulong Swarm)> nodes)
    {
        var before = Map;
        Map = map;
        _members = nodes.GroupBy(node => node.Swarm).ToDictionary(group => group.Key, group => group.Select(node => node.Node).ToList());
        if (!before.Ids.SequenceEqual(map.Ids))
        {
            _buckets = SwarmBuckets.Of(map);
            MoveAccounts(before);
            FindNeeded();
        }

        foreach (var (node, swarm) in nodes)
        {
            if (node.Swarm == swarm)
                continue;
            node.Swarm = swarm;
            node.Clear();
            AddEverything(node);
        }
    }

    /// <summary>A node listens, or listens anew: it must be told everything.</summary>
    public void Connected(MonitorQueue node)
    {
        node.Connect();
        AddEverything(node);
    }

    /// <summary>An account is new, or asks something new: all nodes of its swarm must be told at once.</summary>
    public void Announce(AccountRef account, uint now)
    {
        if (accounts.Table(account.Bucket) is not { } table || accounts.IsLeaving(account.Bucket))
            return;
        lock (table.Gate)
        {
            if (!table.IsTaken(account.Row))
                return;
            table.SetDue(account.Row, NextDue(now));
            var swarm = Map.SwarmOf(table.Account(account.Row));
            Needed.Add(swarm);
            AddToMembers(swarm, account, isFresh: true);
        }
    }

    /// <summary>A bucket has become ours: its accounts must be told to all nodes of their swarms.</summary>
    public void AnnounceAll(byte bucket, uint now) =>
        ForEachAccount(bucket, (table, account, swarm) =>
        {
            table.SetDue(account.Row, NextDue(now));
            Needed.Add(swarm);
            AddToMembers(swarm, account, isFresh: false);
        });

    /// <summary>Slow check: forgets what has expired, queues what is due, and what failed, and finds out anew which swarms are needed.</summary>
    public void Check(uint now)
    {
        for (var bucket = 0; bucket < OwnedAccounts.BucketCount; bucket++)
            QueueDue((byte)bucket, now);
        foreach (var node in _members.Values.SelectMany(members => members))
            node.RepeatFailed();
        FindNeeded();
    }

    /// <summary>Fills a request with what waits for a node. Null when nothing is left to say.</summary>
    public MonitorBody? Take(MonitorQueue node, uint now)
    {
        var body = new MonitorBody();
        while (!body.IsFull && node.TryTake(out var account))
        {
            if (accounts.Table(account.Bucket) is not { } table || accounts.IsLeaving(account.Bucket))
                continue;
            lock (table.Gate)
            {
                // The row may be vacant by now, or its account may have moved to another swarm.
                if (!table.IsTaken(account.Row) || Map.SwarmOf(table.Account(account.Row)) != node.Swarm)
                    continue;
                table.ForEachRequest(account.Row, now, body.Append);
                body.Accounts.Add(account);
            }
        }

        if (body.Count > 0)
        {
            node.Sent(body.IsFull);
            return body;
        }

        body.Dispose();
        return null;
    }

    private void QueueDue(byte bucket, uint now)
    {
        if (accounts.Table(bucket) is not { } table)
            return;
        lock (table.Gate)
        {
            table.RemoveExpired(now);
            for (var row = 0; row < table.RowCount; row++)
            {
                if (!table.IsTaken(row) || table.Due(row) > now || accounts.IsLeaving(bucket))
                    continue;
                table.SetDue(row, NextDue(now));
                AddToMembers(Map.SwarmOf(table.Account(row)), new AccountRef(bucket, row), isFresh: false);
            }
        }
    }

    // The accounts whose swarm is another now; the nodes of the new one have not heard of them.
    private void MoveAccounts(SwarmMap before)
    {
        for (var bucket = 0; bucket < OwnedAccounts.BucketCount; bucket++)
        {
            ForEachAccount((byte)bucket, (table, account, swarm) =>
            {
                if (before.SwarmOf(table.Account(account.Row)) != swarm)
                    AddToMembers(swarm, account, isFresh: true);
            });
        }
    }

    private void AddEverything(MonitorQueue node)
    {
        if (!node.IsConnected || !_buckets.TryGetValue(node.Swarm, out var buckets))
            return;
        foreach (var bucket in buckets)
        {
            ForEachAccount(bucket, (_, account, swarm) =>
            {
                if (swarm == node.Swarm)
                    node.AddDue(account);
            });
        }
    }

    private void FindNeeded()
    {
        var needed = new HashSet<ulong>();
        Action<AccountTable, AccountRef, ulong> add = (_, _, swarm) => needed.Add(swarm);
        for (var bucket = 0; bucket < OwnedAccounts.BucketCount; bucket++)
            ForEachAccount((byte)bucket, add, includeLeaving: true);
        Needed = needed;
    }

    private void ForEachAccount(byte bucket, Action<AccountTable, AccountRef, ulong> act, bool includeLeaving = false)
    {
        if (accounts.Table(bucket) is not { } table || (accounts.IsLeaving(bucket) && !includeLeaving))
            return;
        lock (table.Gate)
        {
            for (var row = 0; row < table.RowCount; row++)
            {
                if (table.IsTaken(row))
                    act(table, new AccountRef(bucket, row), Map.SwarmOf(table.Account(row)));
            }
        }
    }

    private void AddToMembers(ulong swarm, AccountRef account, bool isFresh)
    {
        if (!_members.TryGetValue(swarm, out var members))
            return;
        foreach (var node in members)
        {
            if (!node.IsConnected)
                continue;
            if (isFresh)
                node.AddFresh(account);
            else
                node.AddDue(account);
        }
    }

    private uint NextDue(uint now) => now + (uint)random.Next((int)RenewalMin.TotalSeconds, (int)RenewalMax.TotalSeconds + 1);
}
