using Sotto.Session;
using SwarmListener.Monitoring;
using SwarmListener.Nodes;

namespace SwarmListener.Hearing;

/// <summary>Why a notification is not passed on.</summary>
internal enum Refusal
{
    /// <summary>It is to be passed on.</summary>
    None,

    /// <summary>It is not what the protocol says.</summary>
    Malformed,

    /// <summary>It is about an account that this instance does not hear for.</summary>
    ForeignAccount,

    /// <summary>It comes from a node that was never asked about the account: that node lies, or confuses us with somebody.</summary>
    ForeignNode,

    /// <summary>The node's messages take up its share of the room in which messages wait; the others keep theirs.</summary>
    NodeHasTooMany,

    /// <summary>Too many messages wait for the broker.</summary>
    NoRoom,
}

/// <summary>Decides whom to believe: a node may speak of the accounts that it was asked about, which are those of its swarm.</summary>
/// <remarks>
/// Thread-safe. What a node of the right swarm says cannot be checked; the message hash is not bound to the account by anything that a listener can
/// verify.
/// </remarks>
internal sealed class Audience(OwnedAccounts accounts, TimeProvider clock)
{
    /// <summary>A node goes on telling of an account for so long after it was asked last (session-v2 section 5.7).</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(65);

    private Recent<SwarmMap> _maps = new(new SwarmMap([]));

    /// <summary>The network has other swarms now.</summary>
    public void Arrange(SwarmMap map, DateTimeOffset now) => Volatile.Write(ref _maps, Volatile.Read(ref _maps).Then(map, now + Memory));

    /// <summary>Whether a node in these swarms may speak of this account.</summary>
    public Refusal Judge(Recent<ulong> swarms, in AccountId account)
    {
        if (!accounts.Hears(account))
            return Refusal.ForeignAccount;
        var maps = Volatile.Read(ref _maps);
        var space = account.SwarmSpace;
        return maps.Current.SwarmOf(space) == swarms.Current || MaySpeakYet(maps, swarms, space) ? Refusal.None : Refusal.ForeignNode;
    }

    private bool MaySpeakYet(Recent<SwarmMap> maps, Recent<ulong> swarms, ulong space)
    {
        var now = clock.GetUtcNow();
        return maps.At(now).Any(map => swarms.At(now).Contains(map.SwarmOf(space)));
    }
}
