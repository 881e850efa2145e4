using Simulation.Running;
using Sotto.Session;
using SwarmListener.Hearing;

namespace Simulation.Listening;

/// <summary>
/// Listeners that come, go, crash, are cut off and share the buckets; then hours in which only nodes come and go, and every account must stay
/// monitored.
/// </summary>
internal sealed class ListeningWorld : World
{
    private static readonly TimeSpan ChurnEnd = TimeSpan.FromSeconds(75);

    // The slowest way to a settled state: a cut noticed after 8 s, a key that may be taken for 10 s, a bucket left for 15 s.
    private static readonly TimeSpan CalmEnd = ChurnEnd + TimeSpan.FromSeconds(45);
    private static readonly TimeSpan End = CalmEnd + TimeSpan.FromHours(1.75);
    private static readonly TimeSpan HeardSoon = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongPace = TimeSpan.FromSeconds(30);

    private readonly List<ListenerProcess> _listeners = [];
    private readonly ListeningChecks _checks;
    private readonly bool _isQuiet;
    private ulong[] _swarms;
    private int _born;
    private int _messages;

    public ListeningWorld(Scheduler scheduler)
        : base(scheduler)
    {
        var random = scheduler.Random;
        Locks = new LockServer(scheduler);
        Database = new AccountDatabase(scheduler);
        _swarms = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => (ulong)random.NextInt64() * 2)];
        Map = new SwarmMap(_swarms);
        Nodes = [.. _swarms.SelectMany(swarm => Enumerable.Repeat(swarm, random.Next(2, 4))).Select((swarm, number) => new StorageNode(scheduler, number, swarm))];
        _isQuiet = scheduler.Chance(0.3);
        _checks = new ListeningChecks(scheduler, this, _isQuiet);
    }

    public LockServer Locks { get; }

    public AccountDatabase Database { get; }

    public IReadOnlyList<StorageNode> Nodes { get; }

    public SwarmMap Map { get; private set; }

    /// <summary>How often listeners look at what is to be told.</summary>
    public TimeSpan Pace { get; private set; } = TimeSpan.FromSeconds(1);

    /// <summary>And at the database.</summary>
    public TimeSpan KeeperPace { get; private set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How likely a node does not answer.</summary>
    public double RequestLoss { get; private set; }

    public IEnumerable<ListenerProcess> Alive => _listeners.Where(listener => listener.Process.IsAlive);

    /// <summary>When something happened last that may leave accounts unheard for a while.</summary>
    public DateTimeOffset HarmedAt { get; private set; }

    /// <summary>When the network last changed its shape.</summary>
    public DateTimeOffset ChangedAt { get; private set; }

    public override void Play()
    {
        HarmedAt = ChangedAt = Scheduler.Time.GetUtcNow();
        for (var listeners = Scheduler.Random.Next(1, 5); listeners > 0; listeners--)
            Scheduler.After(Scheduler.Between(0, _isQuiet ? 5 : 40), StartListener);
        for (var accounts = Scheduler.Random.Next(1, 30); accounts > 0; accounts--)
            Scheduler.After(Scheduler.Between(0, 50), Subscribe);
        if (!_isQuiet)
            PlanHarm();
        for (var second = 1; second < CalmEnd.TotalSeconds; second++)
            Scheduler.After(TimeSpan.FromSeconds(second), () => _checks.Ownership(HeardSoon));
        Scheduler.RunUntil(CalmEnd);
        if (Scheduler.Violation is not null)
            return;
        _checks.Shares();
        PlayHours();
    }

    /// <summary>A node took a request.</summary>
    public void Asked(ListenerProcess who, StorageNode node, AccountId account)
    {
        node.Ask(who.Process, account);
        _checks.Asked(node, account);
    }

    private void PlayHours()
    {
        foreach (var listener in Alive)
            listener.StayAsItIs();
        (Pace, KeeperPace) = (LongPace, 2 * LongPace);
        RequestLoss = _isQuiet ? 0 : 0.05;
        for (var at = CalmEnd; at < End; at += TimeSpan.FromMinutes(2))
        {
            Scheduler.After(at - CalmEnd, () => _checks.Monitors());
            if (Scheduler.Chance(0.2))
                Scheduler.After(at - CalmEnd + Scheduler.Between(0, 100), Message);
            if (!_isQuiet && Scheduler.Chance(0.1))
                Scheduler.After(at - CalmEnd + Scheduler.Between(0, 100), LoseNode);
        }

        if (!_isQuiet)
            Scheduler.After(Scheduler.Between(0, (End - CalmEnd).TotalSeconds), ChangeSwarms);
        Scheduler.RunUntil(End);
    }

    private void StartListener()
    {
        var process = new Process(Scheduler, $"listener {++_born}");
        // It takes over from others, and nobody may notice; the first has nobody to take over from.
        if (!Alive.Any())
            HarmedAt = Scheduler.Time.GetUtcNow();
        process.Post(() => _listeners.Add(new ListenerProcess(Scheduler, this, process)));
    }

    private void Subscribe()
    {
        var life = Scheduler.Chance(0.2) ? Scheduler.Between(200, 9_000) : TimeSpan.FromDays(14);
        var subscribed = Subscribed.Create(Scheduler.Random, Database.All.Count, Scheduler.Time.GetUtcNow(), life);
        Database.Add(subscribed);
        foreach (var listener in Alive)
            Scheduler.After(Scheduler.Between(0, 0.2), () => listener.Changed(subscribed));
    }

    private void PlanHarm()
    {
        Database.Trouble = Scheduler.Chance(0.5) ? 0.05 : 0;
        for (var harms = Scheduler.Random.Next(1, 8); harms > 0; harms--)
            Scheduler.After(Scheduler.Between(10, ChurnEnd.TotalSeconds), Harm);
        Scheduler.After(ChurnEnd, () =>
        {
            Database.Trouble = 0;
            if (!Alive.Any())
                StartListener();
        });
    }

    private void Harm()
    {
        var alive = Alive.ToList();
        if (alive.Count == 0)
        {
            StartListener();
            return;
        }

        var victim = alive[Scheduler.Random.Next(alive.Count)];
        switch (Scheduler.Random.Next(5))
        {
            case 0:
                HarmedAt = Scheduler.Time.GetUtcNow();
                victim.Process.Kill();
                break;
            case 1:
                HarmedAt = Scheduler.Time.GetUtcNow();
                Say($"{victim.Process.Name} is cut off");
                Locks.Cut(victim.Process);
                break;
            case 2 when alive.Count > 1:
                // In order: nobody may notice.
                Say($"{victim.Process.Name} parts");
                victim.Process.Start(victim.PartAsync);
                break;
            case 3:
                victim.ReadAllAgain();
                break;
            default:
                Scheduler.After(TimeSpan.Zero, StartListener);
                break;
        }
    }

    private void LoseNode()
    {
        var node = Nodes[Scheduler.Random.Next(Nodes.Count)];
        foreach (var listener in Alive.Where(listener => listener.ConnectedSince(node) is not null))
        {
            listener.Process.Post(() => listener.Disconnect(node));
            Scheduler.After(Scheduler.Between(1, 200), () => listener.Process.Post(() => listener.Connect(node)));
        }
    }

    // Half of a swarm's members form a new one: accounts move.
    private void ChangeSwarms()
    {
        var now = Scheduler.Time.GetUtcNow();
        var swarm = (ulong)Scheduler.Random.NextInt64() * 2;
        if (Map.Ids.Contains(swarm))
            return;
        ChangedAt = now;
        _swarms = [.. _swarms, swarm];
        Map = new SwarmMap(_swarms);
        foreach (var node in Nodes.Where(node => node.Number % 2 == 0))
            node.Move(swarm, now);
        Say($"a new swarm");
        foreach (var listener in Alive)
            listener.Process.Post(listener.Arrange);
    }

    private void Message()
    {
        var now = Scheduler.Time.GetUtcNow();
        var known = Database.All.Where(subscribed => subscribed.ExpiresAt > now + HeardSoon).ToList();
        if (known.Count == 0)
            return;
        var subscribed = known[Scheduler.Random.Next(known.Count)];
        var hash = $"{++_messages:d43}";
        var hearing = new ListeningChecks.Hearing();
        foreach (var node in Nodes)
        {
            foreach (var listener in Alive.Where(listener => node.Tells(listener.Process, subscribed.Account)))
                Scheduler.After(Scheduler.Between(0, 5), () => Tell(listener, node, subscribed, hash, hearing));
        }

        Scheduler.After(TimeSpan.FromSeconds(6), () => _checks.Heard(hearing));
    }

    private void Tell(ListenerProcess listener, StorageNode node, Subscribed subscribed, string hash, ListeningChecks.Hearing hearing)
    {
        var refusal = listener.Hear(node, subscribed.Account, hash, canPublish: _isQuiet || Scheduler.Chance(0.8));
        Say($"{listener.Process.Name} hears of message {hash.TrimStart('0')} from node {node.Number}: {refusal}");
        // Whoever held its bucket before is still told, and rightly does not care.
        if (!listener.Asks(subscribed.Account.Bucket))
            return;
        hearing.Count(refusal);
        if (refusal is Refusal.ForeignAccount or Refusal.ForeignNode)
            Scheduler.Break($"{listener.Process.Name} does not believe node {node.Number}, which it had asked: {refusal}");
    }
}
