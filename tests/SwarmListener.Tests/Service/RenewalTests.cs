using Sotto.FakePhone;
using Sotto.TestSupport;

namespace SwarmListener.Tests.Service;

/// <summary>Hours pass in seconds.</summary>
[CancelAfter(120_000)]
public sealed class RenewalTests
{
    [Test]
    public async Task Accounts_are_told_again_before_nodes_forget_them()
    {
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var world = await ListenerWorld.CreateAsync();
        await using var listener = await RunningListener.StartAsync(world.Settings("--Swarm:SlowCheckSeconds=30"), clock);
        using var stopping = new CancellationTokenSource();
        var passing = PassAsync(clock, stopping.Token);
        var account = SessionAccount.Create();
        await world.SubscribeAsync(account);
        await world.BecomesMonitoredAsync(account);
        var members = world.Swarm.MembersOf(account.Id).Count;
        var told = world.Swarm.Statistics.MonitorsAccepted;
        Assert.That(told, Is.EqualTo(members));

        for (var renewals = 1; renewals <= 3; renewals++)
        {
            clock.Advance(TimeSpan.FromMinutes(56));
            await Eventually.BecomesTrueAsync(
                () => world.Swarm.Statistics.MonitorsAccepted >= told + (renewals * members), what: "the account was told again");
        }

        Assert.That(world.Swarm.Statistics.MonitorsAccepted, Is.LessThanOrEqualTo(told + (4 * members)));
        await stopping.CancelAsync();
        await passing;
    }

    // The clock goes on by itself, twenty times as fast as usual, so that nothing waits for ever.
    private static async Task PassAsync(ManualTimeProvider clock, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
    }
}
