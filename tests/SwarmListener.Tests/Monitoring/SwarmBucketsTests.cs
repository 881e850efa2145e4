using Sotto.Session;
using SwarmListener.Monitoring;

namespace SwarmListener.Tests.Monitoring;

public sealed class SwarmBucketsTests
{
    [Test]
    public void No_swarms_have_no_buckets() => Assert.That(SwarmBuckets.Of(new SwarmMap([])), Is.Empty);

    [Test]
    public void One_swarm_has_all_buckets() => Assert.That(SwarmBuckets.Of(new SwarmMap([42]))[42], Has.Count.EqualTo(256));

    [Test]
    public void An_account_of_a_swarm_is_in_one_of_the_swarms_buckets() =>
        Prop.ForAll<ulong[], ulong[]>((ids, spaces) =>
        {
            // Small numbers, as generators like them, near both ends of the circle and in its middle.
            ulong[] spread = [.. ids.SelectMany(id => new[] { id, unchecked(0 - id), id << 56, (id << 56) | 0x00FF_FFFF_FFFF_FFFF })];
            var map = new SwarmMap(spread);
            var buckets = SwarmBuckets.Of(map);
            return map.Ids.IsEmpty || spaces.Concat(spaces.Select(space => space << 55)).Concat(spread).All(space =>
                buckets[map.SwarmOf(space)].Contains((byte)(space >> 56)));
        }).QuickCheckThrowOnFailure();

    [Test]
    public void In_a_large_network_a_swarm_has_few_buckets()
    {
        var map = new SwarmMap(Enumerable.Range(0, 300).Select(i => (ulong)i * (ulong.MaxValue / 300)));

        Assert.That(SwarmBuckets.Of(map).Values.Select(buckets => buckets.Count), Is.All.LessThanOrEqualTo(2));
    }
}
