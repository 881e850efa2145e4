using Sotto.TestSupport;
using SwarmListener.Buckets;
using SwarmListener.Tests.Service;

namespace SwarmListener.Tests.FullSize;

/// <summary>Three listeners that share a network of 2,000 nodes, until one of them is killed.</summary>
[CancelAfter(300_000)]
public sealed class ThreeInstancesTests
{
    [Test]
    public async Task They_come_before_oxend_does_hear_each_message_through_all_changes_and_take_over_from_one_that_was_killed()
    {
        await using var world = await FullSizeWorld.CreateAsync();
        // Oxend comes later: an instance that starts without it must not be worse off.
        await world.Swarm.TakeOxendDownAsync();
        using var doomed = ListenerProcess.Start(world.Settings());
        await using var second = await world.StartListenerAsync();
        await using var third = await world.StartListenerAsync();
        await world.Swarm.BringOxendUpAsync();
        await world.SubscribeAllAsync();
        await Eventually.BecomesTrueAsync(
            () => (RunningListener[])[second, third] is var known && known.All(listener => listener.Get<BucketOwnership>().Held is 85 or 86), FullSizeWorld.Patience, "three shared fairly");
        await world.AllToldEverywhereAsync();

        await using var watch = new DeafnessWatch(world.Swarm, world.Ids);
        var churn = new Churn(world.Swarm, seed: 6);
        await using (var traffic = new SteadyTraffic(world.Swarm, world.Ids))
        {
            await churn.RoundsAsync(4);
            await traffic.AllArrivedAsync(world.World.Arrivals, FullSizeWorld.Patience);
        }

        // What is told to the dead process until the others have taken over is lost, as with any server that ends.
        HashSet<string> survivors = [second.RoutingId, third.RoutingId];
        doomed.Kill();
        watch.CountOnly(survivors);
        await churn.RoundsAsync(4);
        await Eventually.BecomesTrueAsync(
            () => world.Ids.All(id => world.Swarm.TellersOf(id, survivors) == world.Swarm.MembersOf(id).Count), FullSizeWorld.Patience, "each account was told to every node of its swarm");
        Assert.That(watch.Longest, Is.LessThan(FullSizeWorld.DeafMax));

        await using var later = new SteadyTraffic(world.Swarm, world.Ids);
        await churn.RoundsAsync(2);
        await later.AllArrivedAsync(world.World.Arrivals, FullSizeWorld.Patience);
    }
}
