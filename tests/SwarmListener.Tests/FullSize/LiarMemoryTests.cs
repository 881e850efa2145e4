using Sotto.FakeSwarm;
using Sotto.TestSupport;
using SwarmListener.Tests.Service;

namespace SwarmListener.Tests.FullSize;

/// <summary>A node that sends the largest bodies there are as fast as it can, to a listener in a process of its own.</summary>
[CancelAfter(180_000)]
public sealed class LiarMemoryTests
{
    // Sixteen megabytes may wait, each of them several times in memory on its way; the rest is the collector's room.
    private const int WaitingMegabytes = 16;
    private const long GrowthMax = 300L * 1024 * 1024;

    [Test]
    public async Task It_does_not_fill_the_memory_and_the_others_are_heard_meanwhile()
    {
        await using var world = await ListenerWorld.CreateAsync(new FakeSwarmOptions { Nodes = 12, Swarms = 2, SendQueueMax = 200 });
        using var listener = ListenerProcess.Start(world.Settings($"--Swarm:WaitingMegabytesMax={WaitingMegabytes}"));
        var accounts = Enumerable.Range(0, 20).Select(_ => Sotto.FakePhone.SessionAccount.Create()).ToList();
        await world.SubscribeAsync(accounts);
        await world.BecomeMonitoredAsync(accounts);
        var liar = world.Swarm.MembersOf(accounts[0].Id)[0];
        var before = listener.PeakBytes;

        for (var round = 0; round < 20; round++)
        {
            for (var lie = 0; lie < 200; lie++)
                world.Swarm.Lie(liar, LieKind.LargestBody);
            var stored = accounts.Select(account => world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray())).ToList();
            await Eventually.BecomesTrueAsync(
                () => stored.TrueForAll(message => world.Arrivals.CountOf(message.Hash) > 0), what: "what the others told arrived");
        }

        Assert.That(world.Swarm.Statistics.LiesTold, Is.EqualTo(20 * 200));
        Assert.That(listener.PeakBytes - before, Is.LessThan(GrowthMax));
    }
}
