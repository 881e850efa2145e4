using Sotto.FakeSwarm;
using Sotto.TestSupport;
using SwarmListener.Hearing;
using SwarmListener.Tests.Service;

namespace SwarmListener.Tests.FullSize;

/// <summary>One listener and a network of 2,000 nodes, which is never at rest.</summary>
[CancelAfter(300_000)]
public sealed class OneInstanceTests
{
    private FullSizeWorld _world = null!;
    private RunningListener _listener = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _world = await FullSizeWorld.CreateAsync();
        _listener = await _world.StartListenerAsync("--Swarm:ConnectToAll=true");
        await FullSizeWorld.AllConnectedAsync(_listener);
        await _world.SubscribeAllAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _listener.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Test]
    public async Task Whatever_the_network_does_no_account_is_deaf_for_longer_than_a_slow_check_and_each_message_arrives_once()
    {
        await using var watch = new DeafnessWatch(_world.Swarm, _world.Ids);
        await using var traffic = new SteadyTraffic(_world.Swarm, _world.Ids);

        await new Churn(_world.Swarm, seed: 3).RoundsAsync(10);

        await _world.AllToldEverywhereAsync();
        var hashes = await traffic.AllArrivedAsync(_world.World.Arrivals, FullSizeWorld.Patience);
        Assert.That(hashes, Has.Count.GreaterThan(100));
        Assert.That(hashes.Where(hash => _world.World.Arrivals.CountOf(hash) > 1), Is.Empty);
        Assert.That(watch.Longest, Is.LessThan(FullSizeWorld.DeafMax));
    }

    [Test]
    public async Task Changes_whose_announcements_are_lost_are_seen_at_the_next_slow_check()
    {
        await using var watch = new DeafnessWatch(_world.Swarm, _world.Ids);
        _world.Swarm.AnnouncesBlocks = false;
        try
        {
            await new Churn(_world.Swarm, seed: 4).RoundsAsync(2);

            await _world.AllToldEverywhereAsync();
        }
        finally
        {
            _world.Swarm.AnnouncesBlocks = true;
        }

        Assert.That(watch.Longest, Is.LessThan(FullSizeWorld.DeafMax));
    }

    [Test]
    public async Task While_oxend_is_down_nodes_that_restart_are_told_again_and_afterwards_all_changes_are_seen()
    {
        await using var traffic = new SteadyTraffic(_world.Swarm, _world.Ids);
        await _world.Swarm.TakeOxendDownAsync();
        foreach (var swarm in _world.Swarm.Nodes.GroupBy(node => node.Swarm).Take(20))
            await _world.Swarm.RestartAsync(swarm.First());
        await _world.AllToldEverywhereAsync();

        await using (var watch = new DeafnessWatch(_world.Swarm, _world.Ids))
        {
            await _world.Swarm.BringOxendUpAsync();
            await new Churn(_world.Swarm, seed: 5).RoundsAsync(2);
            await _world.AllToldEverywhereAsync();
            Assert.That(watch.Longest, Is.LessThan(FullSizeWorld.DeafMax));
        }

        await traffic.AllArrivedAsync(_world.World.Arrivals, FullSizeWorld.Patience);
    }

    [Test]
    public async Task A_node_that_tells_every_lie_at_speed_is_counted_and_the_others_are_heard()
    {
        var liar = _world.Swarm.MembersOf(_world.Ids[0])[0];
        await using var traffic = new SteadyTraffic(_world.Swarm, _world.Ids);

        // As many as a node's send queue takes: what it drops by itself tells nothing of the listener.
        foreach (var lie in Enum.GetValues<LieKind>().Where(lie => lie is not (LieKind.OversizePart or LieKind.Goodbye)))
        {
            for (var i = 0; i < 50; i++)
                _world.Swarm.Lie(liar, lie);
        }

        await Eventually.BecomesTrueAsync(
            () => _listener.Metrics.RefusedFor(Refusal.Malformed) > 0 && _listener.Metrics.RefusedFor(Refusal.ForeignAccount) > 0, what: "lies were refused and counted");
        _world.Swarm.Lie(liar, LieKind.OversizePart);
        await traffic.AllArrivedAsync(_world.World.Arrivals, FullSizeWorld.Patience);
        await _world.AllToldEverywhereAsync();
    }
}
