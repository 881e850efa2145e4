using SwarmListener.Monitoring;

namespace SwarmListener.Buckets;

/// <summary>Which buckets an instance should take or give up so that all instances hold about as many. Pure.</summary>
internal static class FairShare
{
    /// <summary>Most buckets that one of so many instances holds.</summary>
    public static int Of(int instances) => (OwnedAccounts.BucketCount + instances - 1) / instances;

    /// <summary>The next step.</summary>
    /// <param name="mine">Held by this instance.</param>
    /// <param name="held">Held by anyone.</param>
    /// <param name="instances">Instances that run, this one included.</param>
    /// <param name="home">
    /// Where this instance begins. It takes what follows closest and gives up what lies farthest, so that its buckets lie together and touch few
    /// swarms.
    /// </param>
    public static (IReadOnlyList<byte> Take, IReadOnlyList<byte> GiveUp) Plan(
        IReadOnlySet<byte> mine, IReadOnlySet<byte> held, int instances, byte home)
    {
        var surplus = mine.Count - Of(instances);
        if (surplus >= 0)
            return ([], [.. mine.OrderByDescending(bucket => Distance(home, bucket)).Take(surplus)]);
        var free = Enumerable.Range(0, OwnedAccounts.BucketCount).Select(bucket => (byte)bucket).Where(bucket => !held.Contains(bucket));
        return ([.. free.OrderBy(bucket => Distance(home, bucket)).Take(-surplus)], []);
    }

    private static byte Distance(byte home, byte bucket) => unchecked((byte)(bucket - home));
}
