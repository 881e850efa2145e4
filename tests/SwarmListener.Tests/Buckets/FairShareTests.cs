using SwarmListener.Buckets;

namespace SwarmListener.Tests.Buckets;

public sealed class FairShareTests
{
    [TestCase(1, 256)]
    [TestCase(2, 128)]
    [TestCase(3, 86)]
    [TestCase(256, 1)]
    [TestCase(300, 1)]
    public void A_share_is_the_part_rounded_up(int instances, int share) => Assert.That(FairShare.Of(instances), Is.EqualTo(share));

    [Test]
    public void What_is_taken_lies_together()
    {
        var (take, _) = FairShare.Plan(new HashSet<byte>(), new HashSet<byte>(), instances: 2, home: 200);

        Assert.That(take, Is.EqualTo(Enumerable.Range(200, 128).Select(bucket => (byte)bucket)));
    }

    [Test]
    public void Whoever_comes_and_goes_all_buckets_are_soon_held_once_and_evenly() =>
        Prop.ForAll<byte[]>(steps =>
        {
            var instances = new List<(byte Home, HashSet<byte> Mine)> { (0, []) };
            foreach (var step in steps)
            {
                if (step % 3 == 0 && instances.Count > 1)
                    instances.RemoveAt(step % instances.Count);
                else
                    instances.Add((step, []));
            }

            // Two rounds: what one gives up another takes in the next.
            for (var round = 0; round < 2; round++)
            {
                foreach (var (home, mine) in instances)
                {
                    var (take, giveUp) = FairShare.Plan(mine, instances.SelectMany(instance => instance.Mine).ToHashSet(), instances.Count, home);
                    mine.UnionWith(take);
                    mine.ExceptWith(giveUp);
                }
            }

            var all = instances.SelectMany(instance => instance.Mine).ToList();
            return all.Count == 256 && all.Distinct().Count() == 256
                && instances.All(instance => instance.Mine.Count <= FairShare.Of(instances.Count));
        }).QuickCheckThrowOnFailure();
}
