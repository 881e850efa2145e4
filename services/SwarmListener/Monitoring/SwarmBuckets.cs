using Sotto.Session;

namespace SwarmListener.Monitoring;

/// <summary>
/// Which buckets can hold accounts of a swarm. A swarm's accounts lie around its id in swarm space, so these are one or two neighbours in a large
/// network.
/// </summary>
internal static class SwarmBuckets
{
    private const int BucketShift = 56;

    /// <summary>For each swarm of the map the buckets that its stretch of swarm space touches, ascending.</summary>
    public static Dictionary<ulong, List<byte>> Of(SwarmMap map)
    {
        var buckets = new Dictionary<ulong, List<byte>>();
        if (map.Ids.IsEmpty)
            return buckets;

        var next = 0;
        for (var bucket = 0; bucket < OwnedAccounts.BucketCount; bucket++)
        {
            var start = (ulong)bucket << BucketShift;
            var end = start | ((1UL << BucketShift) - 1);
            // A stretch that touches the bucket either reaches over one of its ends, or lies inside with its id.
            Add(buckets, map.SwarmOf(start), (byte)bucket);
            for (; next < map.Ids.Length && map.Ids[next] <= end; next++)
                Add(buckets, map.Ids[next], (byte)bucket);
            Add(buckets, map.SwarmOf(end), (byte)bucket);
        }

        return buckets;
    }

    private static void Add(Dictionary<ulong, List<byte>> buckets, ulong swarm, byte bucket)
    {
        if (!buckets.TryGetValue(swarm, out var list))
            buckets.Add(swarm, list = []);
        if (list.Count == 0 || list[^1] != bucket)
            list.Add(bucket);
    }
}
