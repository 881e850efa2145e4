namespace Sotto.Session;

/// <summary>Which swarm holds an account (session-v2 section 5.4). Immutable and thread-safe.</summary>
public sealed class SwarmMap
{
    /// <summary>The id that means "in no swarm". It is a swarm's id only; as a place in swarm space it is like any other.</summary>
    public const ulong NoSwarm = ulong.MaxValue;

    private readonly ulong[] _ids;

    /// <summary>A map of these swarms, in any order; repetitions and <see cref="NoSwarm"/> are left out.</summary>
    public SwarmMap(IEnumerable<ulong> ids) => _ids = [.. ids.Where(id => id != NoSwarm).Distinct().Order()];

    /// <summary>The swarms, ascending.</summary>
    public ReadOnlySpan<ulong> Ids => _ids;

    /// <summary>The swarm nearest to a place in swarm space, which is a circle; of two equally near, the one before. <see cref="NoSwarm"/> when there is none.</summary>
    public ulong SwarmOf(ulong space)
    {
        if (_ids.Length == 0)
            return NoSwarm;

        var found = Array.BinarySearch(_ids, space);
        var after = found >= 0 ? found : ~found % _ids.Length;
        var right = _ids[after];
        var left = _ids[(after + _ids.Length - 1) % _ids.Length];
        return unchecked(right - space) < unchecked(space - left) ? right : left;
    }

    /// <summary>The swarm that holds an account; see <see cref="SwarmOf(ulong)"/>.</summary>
    public ulong SwarmOf(AccountId account) => SwarmOf(account.SwarmSpace);
}
