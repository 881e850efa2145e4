using Simulation.Running;
using Sotto.Session;
using SwarmListener.Nodes;

namespace Simulation.Listening;

/// <summary>A service node as the protocol describes it: remembers for 65 minutes what a connection asked for, and forgets it with the connection.</summary>
internal sealed class StorageNode(Scheduler scheduler, int number, ulong swarm)
{
    /// <summary>How long a node remembers what it was asked (oxenmq section 6).</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(65);

    private readonly Dictionary<(Process Who, AccountId Account), (DateTimeOffset Until, int Times)> _asked = [];

    public int Number => number;

    /// <summary>Its swarm, and where it was shortly before.</summary>
    public Recent<ulong> Swarms { get; private set; } = new(swarm);

    public void Move(ulong next, DateTimeOffset now)
    {
        if (next != Swarms.Current)
            Swarms = Swarms.Then(next, now + SwarmListener.Hearing.Audience.Memory);
    }

    /// <summary>A listener asks to be told of an account's messages.</summary>
    public void Ask(Process who, AccountId account)
    {
        var times = _asked.TryGetValue((who, account), out var before) ? before.Times : 0;
        _asked[(who, account)] = (scheduler.Time.GetUtcNow() + Memory, times + 1);
    }

    /// <summary>A listener's connection is gone.</summary>
    public void Forget(Process who)
    {
        foreach (var key in _asked.Keys.Where(key => key.Who == who).ToList())
            _asked.Remove(key);
    }

    /// <summary>True when it tells this listener of this account's messages.</summary>
    public bool Tells(Process who, AccountId account) => _asked.TryGetValue((who, account), out var asked) && asked.Until > scheduler.Time.GetUtcNow();

    /// <summary>How often it was asked since the listener connected.</summary>
    public int Times(Process who, AccountId account) => _asked.TryGetValue((who, account), out var asked) ? asked.Times : 0;
}
