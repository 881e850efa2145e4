using Sotto.FakePhone;

namespace SwarmListener.Tests.Service;

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
    public async Task A_message_is_passed_on_once_whatever_the_number_of_copies()
    {
        var account = SessionAccount.Create();
        await _world.SubscribeAsync(account);
        await _world.BecomesMonitoredAsync(account);
        var duplicates = _listener.Metrics.NotificationsDuplicate;

        var stored = _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray());
        var arrived = await _world.Arrivals.ArrivesAsync(stored.Hash);

        Assert.That(stored.Copies, Is.EqualTo(3));
        await Sotto.TestSupport.Eventually.BecomesTrueAsync(() => _listener.Metrics.NotificationsDuplicate == duplicates + 2, what: "both copies were recognised");
        Assert.Multiple(() =>
        {
            Assert.That(_world.Arrivals.CountOf(stored.Hash), Is.EqualTo(1));
            Assert.That(arrived.GetProperty("account").GetBytesFromBase64(), Is.EqualTo(account.Id));
            Assert.That(arrived.GetProperty("data").GetBytesFromBase64(), Is.EqualTo("ciphertext"u8.ToArray()));
            Assert.That(arrived.GetProperty("namespace").GetInt16(), Is.Zero);
            Assert.That(arrived.GetProperty("storedAtMilliseconds").GetInt64(), Is.EqualTo(stored.StoredAtMilliseconds));
        });
    }
}
