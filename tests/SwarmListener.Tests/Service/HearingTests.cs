using Sotto.FakePhone;
using Sotto.FakeSwarm;
using Sotto.TestSupport;
using SwarmListener.Hearing;

namespace SwarmListener.Tests.Service;

/// <summary>One listener that nothing happens to but notifications, good and bad.</summary>
[CancelAfter(120_000)]
public sealed class HearingTests
{
    private ListenerWorld _world = null!;
    private RunningListener _listener = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _world = await ListenerWorld.CreateAsync();
        _listener = await _world.StartListenerAsync();
        await _listener.BecomesReadyAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _listener.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Test]
    public async Task A_new_subscription_is_told_to_every_node_of_its_swarm()
    {
        var account = SessionAccount.Create();

        await _world.SubscribeAsync(account, [0, 2, 3]);
        await _world.BecomesMonitoredAsync(account);

        var monitor = _world.Swarm.MonitorsOf(account.Id).Single();
        Assert.Multiple(() =>
        {
            Assert.That(monitor.RoutingId, Is.EqualTo(_listener.RoutingId));
            Assert.That(monitor.Namespaces, Is.EqualTo(new short[] { 0, 2, 3 }));
            Assert.That(monitor.WantsData, Is.True);
        });
    }

    [Test]
    public async Task A_group_and_its_members_with_subaccounts_are_told_too()
    {
        var group = SessionAccount.CreateGroup();
        var member = group.Subaccount();

        await _world.SubscribeAsync(member, [-11, 11, 12], wantsData: false);
        await _world.BecomesMonitoredAsync(member);

        Assert.That(_world.Swarm.MonitorsOf(group.Id).Single().Namespaces, Is.EqualTo(new short[] { -11, 11, 12 }));
    }

    [Test]
    public async Task A_message_is_passed_on_once_whatever_the_number_of_copies()
    {
        var account = await MonitoredAccountAsync();
        var duplicates = _listener.Metrics.NotificationsDuplicate;

        var stored = _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray());
        var arrived = await _world.Arrivals.ArrivesAsync(stored.Hash);

        Assert.That(stored.Copies, Is.EqualTo(3));
        await Eventually.BecomesTrueAsync(() => _listener.Metrics.NotificationsDuplicate == duplicates + 2, what: "both copies were recognised");
        Assert.Multiple(() =>
        {
            Assert.That(_world.Arrivals.CountOf(stored.Hash), Is.EqualTo(1));
            Assert.That(arrived.GetProperty("account").GetBytesFromBase64(), Is.EqualTo(account.Id));
            Assert.That(arrived.GetProperty("data").GetBytesFromBase64(), Is.EqualTo("ciphertext"u8.ToArray()));
            Assert.That(arrived.GetProperty("namespace").GetInt16(), Is.Zero);
            Assert.That(arrived.GetProperty("storedAtMilliseconds").GetInt64(), Is.EqualTo(stored.StoredAtMilliseconds));
        });
    }

    [Test]
    public async Task Many_messages_at_speed_arrive_each_once()
    {
        var accounts = await MonitoredAccountsAsync(10);
        var before = _world.Arrivals.Items.Count;

        var flood = await _world.Swarm.FloodAsync(
            new FloodRequest { Count = 2_000, PerSecond = 2_000, Accounts = [.. accounts.Select(account => account.Id)] });

        Assert.That(flood.Copies, Is.EqualTo(6_000));
        await Eventually.BecomesTrueAsync(() => _world.Arrivals.Items.Count >= before + 2_000, what: "all messages arrived");
        var hashes = _world.Arrivals.Items.Skip(before).Select(item => item.GetProperty("messageHash").GetString()).ToList();
        Assert.That(hashes, Has.Count.EqualTo(2_000).And.Unique);
        Assert.That(_listener.Metrics.NotificationsDropped, Is.Zero);
    }

    [Test]
    public async Task The_largest_message_of_the_network_is_passed_on()
    {
        var account = await MonitoredAccountAsync();
        var data = new byte[FakeSwarmNetwork.DataBytesMax];
        Random.Shared.NextBytes(data);

        var stored = _world.Swarm.Store(account.Id, 0, data);

        Assert.That((await _world.Arrivals.ArrivesAsync(stored.Hash)).GetProperty("data").GetBytesFromBase64(), Is.EqualTo(data));
    }

    [Test]
    public async Task A_message_without_data_is_passed_on_as_such()
    {
        var account = SessionAccount.Create();
        await _world.SubscribeAsync(account, wantsData: false);
        await _world.BecomesMonitoredAsync(account);

        var stored = _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray());
        var arrived = await _world.Arrivals.ArrivesAsync(stored.Hash);

        Assert.That(!arrived.TryGetProperty("data", out var data) || data.ValueKind == System.Text.Json.JsonValueKind.Null);
    }

    [Test]
    public async Task A_withdrawn_subscription_is_heard_no_more_though_nodes_go_on_telling()
    {
        var account = SessionAccount.Create();
        var subscription = await _world.SubscribeAsync(account);
        await _world.BecomesMonitoredAsync(account);
        await _world.WithdrawAsync(subscription);
        var refused = _listener.Metrics.RefusedFor(Refusal.ForeignAccount);

        await Eventually.BecomesTrueAsync(
            () =>
            {
                _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray());
                return _listener.Metrics.RefusedFor(Refusal.ForeignAccount) > refused;
            },
            what: "the account was foreign");
    }

    [Test]
    public async Task A_device_that_asks_more_is_served_more_at_once()
    {
        var account = SessionAccount.Create();
        var subscription = await _world.SubscribeAsync(account, [0], wantsData: false);
        await _world.BecomesMonitoredAsync(account);

        await _world.SubscribeAsync(account, [0, 5], wantsData: true, subscription.SubscriptionId);

        await Eventually.BecomesTrueAsync(
            () => _world.Swarm.MonitorsOf(account.Id).Single() is { WantsData: true, Namespaces: [0, 5] }, what: "the nodes knew of the new wish");
    }

    [Test]
    public async Task Whatever_a_node_sends_the_others_are_heard([Values] LieKind lie)
    {
        var account = await MonitoredAccountAsync();
        var liar = _world.Swarm.MembersOf(account.Id)[0];

        Assert.That(_world.Swarm.Lie(liar, lie), Is.Positive);
        var stored = _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray());

        await _world.Arrivals.ArrivesAsync(stored.Hash);
        await _world.BecomesMonitoredAsync(account);
        Assert.That((await _listener.HealthAsync()).Status, Is.EqualTo(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy));
    }

    [Test]
    public async Task A_lie_about_a_foreign_account_is_counted_and_goes_no_further()
    {
        var account = await MonitoredAccountAsync();
        var (refused, taken) = (_listener.Metrics.RefusedFor(Refusal.ForeignAccount), _listener.Metrics.NotificationsTaken);

        var lies = _world.Swarm.Lie(_world.Swarm.MembersOf(account.Id)[0], LieKind.ForeignAccount);

        await Eventually.BecomesTrueAsync(
            () => _listener.Metrics.RefusedFor(Refusal.ForeignAccount) == refused + lies, what: "the lies were counted");
        Assert.That(_listener.Metrics.NotificationsTaken, Is.EqualTo(taken));
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
