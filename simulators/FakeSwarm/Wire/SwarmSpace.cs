using System.Buffers.Binary;

namespace Sotto.FakeSwarm.Wire;

/// <summary>Which swarm holds an account (oxenmq section 5).</summary>
internal static class SwarmSpace
{
    public const ulong NoSwarm = ulong.MaxValue;

    /// <param name="account">33 bytes.</param>
    /// <param name="swarms">Distinct ids, ascending.</param>
    public static ulong Choose(ReadOnlySpan<byte> account, IReadOnlyList<ulong> swarms)
    {
        if (swarms.Count == 0)
            return NoSwarm;

        ulong place = 0;
        for (var word = 0; word < 4; word++)
            place ^= BinaryPrimitives.ReadUInt64BigEndian(account.Slice(1 + (8 * word), 8));

        // The first at or after the place and the one before it, both around the circle; the nearer, and the left one if equally near.
        var (next, end) = (0, swarms.Count);
        while (next < end)
        {
            var middle = (next + end) / 2;
            if (swarms[middle] < place)
                next = middle + 1;
            else
                end = middle;
        }

        var right = swarms[next % swarms.Count];
        var left = swarms[(next + swarms.Count - 1) % swarms.Count];
        return unchecked(right - place) < unchecked(place - left) ? right : left;
    }
}
