using Microsoft.Extensions.Diagnostics.HealthChecks;
using Sotto.FakePhone;
using Sotto.FakeSwarm;
using Sotto.TestSupport;

namespace SwarmListener.Tests.Service;

/// <summary>The network changes its shape, loses parts, and lies in ruins for a while.</summary>
[CancelAfter(180_000)]
public sealed class NetworkChangeTests
{
    private ListenerWorld _world = null!;

    [SetUp]
    public async Task CreateAsync() => _world = await ListenerWorld.CreateAsync(new FakeSwarmOptions { Nodes = 12, Swarms = 3 });

    [TearDown]
    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_node_that_restarted_is_told_everything_again()
    {
        await using var listener = await _world.StartListenerAsync();
        var account = await MonitoredAccountAsync();
        var node = _world.Swarm.MembersOf(account.Id)[0];

        await _world.Swarm.RestartAsync(node);

        Assert.That(_world.Swarm.SubscriptionsAt(node), Is.Zero);
        await _world.BecomesMonitoredAsync(account);
        Assert.That(listener.Metrics.Reconnects, Is.Positive);
    }

    [Test]
    public async Task A_node_that_was_down_is_connected_when_it_is_back()
    {
        await using var listener = await _world.StartListenerAsync();
        var account = SessionAccount.Create();
        var node = _world.Swarm.MembersOf(account.Id)[0];
        await _world.Swarm.TakeDownAsync(node);
        await _world.SubscribeAsync(account);
        await ThreeNodesKnowAsync(account);

        await _world.Swarm.BringUpAsync(node);

        await _world.BecomesMonitoredAsync(account);
    }

    [Test]
    public async Task A_silent_node_delays_no_other()
    {
        await using var listener = await _world.StartListenerAsync();
        var account = SessionAccount.Create();
        _world.Swarm.MembersOf(account.Id)[0].IsSilent = true;

        await _world.SubscribeAsync(account);

        await ThreeNodesKnowAsync(account);
    }

    [Test]
    public async Task When_a_swarm_splits_its_accounts_are_told_to_the_nodes_that_hold_them_now()
    {
        await using var listener = await _world.StartListenerAsync();
        var accounts = await MonitoredAccountsAsync(30);

        foreach (var swarm in _world.Swarm.Swarms)
            _world.Swarm.SplitSwarm(swarm);

        await _world.BecomeMonitoredAsync(accounts);
        await EachArrivesOnceAsync(accounts);
    }

    [Test]
    public async Task When_swarms_merge_their_accounts_are_told_to_all_their_nodes()
    {
        await using var listener = await _world.StartListenerAsync();
        var accounts = await MonitoredAccountsAsync(30);

        _world.Swarm.MergeSwarms(_world.Swarm.Swarms[0], _world.Swarm.Swarms[1]);

        await _world.BecomeMonitoredAsync(accounts);
        await EachArrivesOnceAsync(accounts);
    }

    [Test]
    public async Task A_node_that_moves_to_another_swarm_is_told_what_that_swarm_holds()
    {
        await using var listener = await _world.StartListenerAsync();
        var accounts = await MonitoredAccountsAsync(10);
        var swarms = _world.Swarm.Swarms;

        _world.Swarm.MoveNode(_world.Swarm.Nodes.First(node => node.Swarm == swarms[0]), swarms[1]);

        await _world.BecomeMonitoredAsync(accounts);
    }

    [Test]
    public async Task A_node_that_leaves_and_comes_back_is_used_again()
    {
        await using var listener = await _world.StartListenerAsync();
        var account = await MonitoredAccountAsync();
        var node = _world.Swarm.MembersOf(account.Id)[0];
        var swarm = node.Swarm;

        _world.Swarm.MoveNode(node, FakeSwarmNetwork.NoSwarm);
        await _world.BecomesMonitoredAsync(account);
        _world.Swarm.MoveNode(node, swarm);

        await _world.BecomesMonitoredAsync(account);
        await EachArrivesOnceAsync([account]);
    }

    [Test]
    public async Task A_node_that_is_listed_without_an_address_stays_connected()
    {
        await using var listener = await _world.StartListenerAsync();
        var account = await MonitoredAccountAsync();
        foreach (var node in _world.Swarm.Nodes)
            node.HasAddress = false;

        _world.Swarm.NextBlock();
        var asked = _world.Swarm.RequestsForNodes;
        await Eventually.BecomesTrueAsync(() => _world.Swarm.RequestsForNodes > asked + 1, what: "the list was read again");

        await EachArrivesOnceAsync([account]);
        await _world.BecomesMonitoredAsync(account);
    }

    [Test]
    public async Task Without_oxend_the_listener_lives_says_that_it_is_not_ready_and_begins_when_oxend_does()
    {
        await _world.Swarm.TakeOxendDownAsync();
        await using var listener = await _world.StartListenerAsync();
        var account = SessionAccount.Create();
        await _world.SubscribeAsync(account);
        Assert.That((await listener.HealthAsync()).Status, Is.EqualTo(HealthStatus.Unhealthy));

        await _world.Swarm.BringOxendUpAsync();

        await listener.BecomesReadyAsync();
        await _world.BecomesMonitoredAsync(account);
    }

    [Test]
    public async Task While_oxend_is_down_everything_goes_on_and_afterwards_changes_are_seen()
    {
        await using var listener = await _world.StartListenerAsync();
        var account = await MonitoredAccountAsync();
        await _world.Swarm.TakeOxendDownAsync();

        await EachArrivesOnceAsync([account]);
        var later = await MonitoredAccountAsync();
        // Nobody is told of this block.
        _world.Swarm.SplitSwarm(_world.Swarm.SwarmOf(account.Id));
        await _world.Swarm.BringOxendUpAsync();

        await _world.BecomeMonitoredAsync([account, later]);
    }

    [Test]
    public async Task Oxend_may_be_encrypted()
    {
        await using var listener = await _world.StartListenerAsync($"--Swarm:Oxend={_world.Swarm.OxendCurveAddress}");

        await listener.BecomesReadyAsync();
        await EachArrivesOnceAsync([await MonitoredAccountAsync()]);
    }

    [Test]
    public async Task Only_nodes_that_hold_accounts_are_connected_unless_all_are_wanted()
    {
        await using var listener = await _world.StartListenerAsync();
        await MonitoredAccountAsync();
        Assert.That(listener.Get<SwarmListener.Nodes.NodeConnections>().Connected, Is.EqualTo(4));

        await using var eager = await _world.StartListenerAsync("--Swarm:ConnectToAll=true");
        await Eventually.BecomesTrueAsync(() => eager.Get<SwarmListener.Nodes.NodeConnections>().Connected == 12, what: "all nodes were connected");
    }

    [Test]
    public async Task Connections_are_made_a_few_at_a_time_when_that_is_wanted()
    {
        await using var listener = await _world.StartListenerAsync("--Swarm:ConnectsMax=1", "--Swarm:ConnectToAll=true");
        var nodes = listener.Get<SwarmListener.Nodes.NodeConnections>();
        var most = 0;

        await Eventually.BecomesTrueAsync(
            () =>
            {
                most = Math.Max(most, nodes.Pending);
                return nodes.Connected == 12;
            },
            what: "all nodes were connected");

        Assert.That(most, Is.LessThanOrEqualTo(1));
    }

    [Test]
    public async Task A_node_that_sends_large_bodies_at_speed_neither_stops_the_others_nor_fills_the_memory()
    {
        await using var listener = await _world.StartListenerAsync("--Swarm:WaitingMegabytesMax=4");
        var account = await MonitoredAccountAsync();
        var liar = _world.Swarm.MembersOf(account.Id)[0];
        var handOver = listener.Get<SwarmListener.Hearing.HandOver>();
        var most = 0L;

        for (var round = 0; round < 10; round++)
        {
            for (var lie = 0; lie < 50; lie++)
                _world.Swarm.Lie(liar, LieKind.LargestBody);
            var stored = _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray());
            most = Math.Max(most, handOver.Bytes);
            await _world.Arrivals.ArrivesAsync(stored.Hash);
        }

        Assert.That(most, Is.LessThanOrEqualTo(4 * 1024 * 1024));
    }

    [Test]
    public async Task Under_constant_change_and_load_nothing_is_lost_or_passed_on_twice()
    {
        await using var listener = await _world.StartListenerAsync();
        var accounts = await MonitoredAccountsAsync(20);
        var hashes = new List<string>();

        for (var round = 0; round < 6; round++)
        {
            // A split moves half of the nodes, which know the accounts they take with them.
            if (round % 2 == 0)
                _world.Swarm.SplitSwarm(_world.Swarm.Swarms[round / 2]);
            else
                _world.Swarm.NextBlock();
            for (var message = 0; message < 50; message++)
            {
                var stored = accounts.Select(account => _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray()));
                hashes.AddRange(stored.Where(message => message.Copies > 0).Select(message => message.Hash));
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
            }
        }

        await Eventually.BecomesTrueAsync(() => _world.Arrivals.Items.Count >= hashes.Count, what: "all that nodes sent arrived");
        Assert.That(hashes, Has.Count.GreaterThan(5_000));
        Assert.That(_world.Arrivals.Items.Select(item => item.GetProperty("messageHash").GetString()), Is.EquivalentTo(hashes));
    }

    private Task ThreeNodesKnowAsync(SessionAccount account) =>
        Eventually.BecomesTrueAsync(
            () => _world.Swarm.MonitorsOf(account.Id).SingleOrDefault()?.Nodes >= 3, what: "the other three knew the account");

    private async Task EachArrivesOnceAsync(IReadOnlyCollection<SessionAccount> accounts)
    {
        foreach (var account in accounts)
        {
            var stored = _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray());
            await _world.Arrivals.ArrivesAsync(stored.Hash);
            Assert.That(_world.Arrivals.CountOf(stored.Hash), Is.EqualTo(1));
        }
    }

    private async Task<SessionAccount> MonitoredAccountAsync() => (await MonitoredAccountsAsync(1))[0];

    private async Task<IReadOnlyList<SessionAccount>> MonitoredAccountsAsync(int count)
    {
        var accounts = Enumerable.Range(0, count).Select(_ => SessionAccount.Create()).ToList();
        await _world.SubscribeAsync(accounts);
        await _world.BecomeMonitoredAsync(accounts);
        return accounts;
    }
}
