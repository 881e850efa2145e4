using System.Numerics;

namespace Sotto.Cli.Load;

/// <summary>Counts durations in buckets that are at most 1.6 % wide, from a microsecond to 19 hours. Thread-safe; its size does not grow.</summary>
internal sealed class Latencies
{
    // Each doubling is cut into so many buckets; below 64 us a bucket is 1 us.
    private const int BucketsPerDoubling = 64;
    private const int DoublingsMax = 30;
    private const long MicrosecondsMax = ((long)BucketsPerDoubling << DoublingsMax) - 1;

    private readonly long[] _counts = new long[BucketsPerDoubling * (DoublingsMax + 1)];
    private long _count;
    private long _max;

    public long Count => Volatile.Read(ref _count);

    /// <summary>The longest, exactly.</summary>
    public TimeSpan Max => TimeSpan.FromMicroseconds(Volatile.Read(ref _max));

    /// <summary>Counts one; what is negative counts as nothing at all.</summary>
    public void Add(TimeSpan duration)
    {
        var microseconds = Math.Clamp((long)duration.TotalMicroseconds, 0, MicrosecondsMax);
        Interlocked.Increment(ref _counts[BucketOf(microseconds)]);
        Interlocked.Increment(ref _count);
        var max = Volatile.Read(ref _max);
        while (microseconds > max && Interlocked.CompareExchange(ref _max, microseconds, max) is var seen && seen != max)
            max = seen;
    }

    /// <summary>The duration that this share of all, 0 to 1, did not exceed: the upper end of its bucket. Zero when there is none.</summary>
    public TimeSpan Percentile(double share)
    {
        var wanted = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var bucket = 0; bucket < _counts.Length && wanted > 0; bucket++)
        {
            seen += Volatile.Read(ref _counts[bucket]);
            if (seen >= wanted)
                return TimeSpan.FromMicroseconds(Math.Min(UpperEndOf(bucket), Volatile.Read(ref _max)));
        }

        return TimeSpan.Zero;
    }

    private static int BucketOf(long microseconds)
    {
        if (microseconds < BucketsPerDoubling)
            return (int)microseconds;
        var shift = BitOperations.Log2((ulong)microseconds) - BitOperations.Log2(BucketsPerDoubling);
        return BucketsPerDoubling * (shift + 1) + (int)((microseconds >> shift) - BucketsPerDoubling);
    }

    private static long UpperEndOf(int bucket)
    {
        if (bucket < BucketsPerDoubling)
            return bucket;
        var shift = bucket / BucketsPerDoubling - 1;
        return ((long)(bucket % BucketsPerDoubling) + BucketsPerDoubling + 1 << shift) - 1;
    }
}
