using Simulation.Running;
using Sotto.Session;
using SwarmListener.Hearing;

namespace Simulation.Listening;

/// <summary>The promises of the listeners, looked at from outside.</summary>
internal sealed class ListeningChecks(Scheduler scheduler, ListeningWorld world, bool isQuiet)
{
    private const int BucketCount = 256;

    // A look every second, a load, and a round of the keeper.
    private static readonly TimeSpan TakeOverMax = TimeSpan.FromSeconds(15);

    // A slow check, a request, and another if the first was lost.
    private static readonly TimeSpan ToldSoon = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(20);

    private readonly DateTimeOffset[] _sharedSince = new DateTimeOffset[BucketCount];

    private DateTimeOffset Now => scheduler.Time.GetUtcNow();

    /// <summary>Each second while listeners come and go: no account is deaf for longer than a take-over, and no two ask for one for long.</summary>
    public void Ownership(TimeSpan heardSoon)
    {
        var listeners = world.Alive.ToList();
        if (Now - world.HarmedAt > TakeOverMax)
        {
            foreach (var subscribed in world.Database.All.Where(subscribed => Now - subscribed.Since > heardSoon && subscribed.ExpiresAt > Now))
            {
                if (listeners.Count > 0 && !listeners.Exists(listener => IsHeard(subscribed.Account, listener)))
                    scheduler.Break($"nobody hears for account {subscribed.Number}");
            }
        }

        for (var bucket = 0; bucket < BucketCount; bucket++)
        {
            var asking = 0;
            foreach (var listener in listeners)
                asking += listener.Asks((byte)bucket) ? 1 : 0;
            if (asking <= 1)
                _sharedSince[bucket] = Now;
            else if (Now - _sharedSince[bucket] > Recent && Now - world.HarmedAt > Recent)
                scheduler.Break($"two listeners ask for bucket {bucket}");
        }
    }

    // A node tells it, and it cares.
    private bool IsHeard(AccountId account, ListenerProcess listener) =>
        listener.Accounts.Hears(account) && world.Nodes.Any(node => node.Tells(listener.Process, account));

    /// <summary>When all is calm: each bucket is held, and the shares are even.</summary>
    public void Shares()
    {
        var listeners = world.Alive.ToList();
        var shares = world.Locks.Shares;
        if (shares.Sum() != BucketCount || shares.Count != listeners.Count)
            scheduler.Break($"{shares.Sum()} buckets are held by {shares.Count} sessions of {listeners.Count} listeners");
        if (shares.Any(share => share > (BucketCount + shares.Count - 1) / shares.Count))
            scheduler.Break($"the shares are uneven: {string.Join(", ", shares)}");
        for (var bucket = 0; bucket < BucketCount; bucket++)
        {
            var holder = world.Locks.HolderOf((byte)bucket);
            if (listeners.Exists(listener => listener.Asks((byte)bucket) != (listener.Process == holder)))
                scheduler.Break($"bucket {bucket} is held by one listener and asked for by another");
        }
    }

    /// <summary>In the hours after: every node of an account's swarm tells its listener of it, as far as it answered.</summary>
    public void Monitors()
    {
        if (Now - world.ChangedAt < ToldSoon)
            return;
        var listeners = world.Alive.ToList();
        foreach (var subscribed in world.Database.All.Where(subscribed => subscribed.ExpiresAt > Now))
        {
            var swarm = world.Map.SwarmOf(subscribed.Account);
            var listener = listeners.Find(listener => listener.Asks(subscribed.Account.Bucket))!;
            var (connected, telling) = (0, 0);
            foreach (var node in world.Nodes)
            {
                if (node.Swarms.Current != swarm || !(Now - listener.ConnectedSince(node) > ToldSoon))
                    continue;
                connected++;
                telling += node.Tells(listener.Process, subscribed.Account) ? 1 : 0;
            }

            if (isQuiet ? telling < connected : telling == 0 && connected > 0)
                scheduler.Break($"account {subscribed.Number} is monitored by {telling} of {connected} nodes");
        }
    }

    /// <summary>A node was asked.</summary>
    public void Asked(StorageNode node, AccountId account)
    {
        var subscribed = world.Database.All.First(subscribed => subscribed.Account == account);
        if (subscribed.ExpiresAt < Now - Recent)
            scheduler.Break($"a node is asked about account {subscribed.Number}, which has expired");
        // The hours hold two renewals of 45 minutes; a few more askings belong to the beginning.
        if (isQuiet && world.Alive.Any(listener => node.Times(listener.Process, account) > 10))
            scheduler.Break($"a node is asked about account {subscribed.Number} again and again");
    }

    /// <summary>What its copies made of a message: it is published, unless no copy could be, and by each listener once.</summary>
    public void Heard(Hearing hearing)
    {
        if (hearing.Copies > 0 && hearing.Published == 0 && hearing.NoRoom < hearing.Copies)
            scheduler.Break("a message was taken for a copy of one that was never published");
        if (hearing.Published > 1)
            scheduler.Break($"a message was published {hearing.Published} times by its one listener");
    }

    /// <summary>What became of the copies of one message.</summary>
    internal sealed class Hearing
    {
        public int Copies { get; private set; }

        public int Published { get; private set; }

        public int NoRoom { get; private set; }

        public void Count(Refusal? refusal)
        {
            Copies++;
            Published += refusal == Refusal.None ? 1 : 0;
            NoRoom += refusal == Refusal.NoRoom ? 1 : 0;
        }
    }
}
