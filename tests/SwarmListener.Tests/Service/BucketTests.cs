using Npgsql;
using Sotto.FakePhone;
using Sotto.FakeSwarm;
using Sotto.Hosting.Settings;
using Sotto.Sodium;
using Sotto.TestSupport;
using SwarmListener.Buckets;
using SwarmListener.Monitoring;

namespace SwarmListener.Tests.Service;

/// <summary>Several instances share the accounts, and one may end at any moment.</summary>
[CancelAfter(180_000)]
public sealed class BucketTests
{
    /// <summary>No account may be deaf for longer after an instance was killed.</summary>
    private static readonly TimeSpan DeafMax = TimeSpan.FromSeconds(10);

    private ListenerWorld _world = null!;

    [SetUp]
    public async Task CreateAsync() => _world = await ListenerWorld.CreateAsync(new FakeSwarmOptions { Nodes = 12, Swarms = 4 });

    [TearDown]
    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Test]
    public async Task Two_instances_share_the_buckets_and_each_account_is_monitored()
    {
        await using var first = await _world.StartListenerAsync();
        await HoldsAsync(first, 256);
        var accounts = await SubscribedAsync(40);

        await using var second = await _world.StartListenerAsync();
        await HoldsAsync(first, 128);
        await HoldsAsync(second, 128);

        await Eventually.BecomesTrueAsync(
            () => accounts.All(account => OwnerOf(account, first, second) is { } owner && IsMonitoredBy(owner, account)),
            what: "each account was monitored by its owner");
    }

    [Test]
    public async Task When_an_instance_is_killed_the_other_monitors_its_accounts_within_ten_seconds()
    {
        using var doomed = ListenerProcess.Start(_world.Settings());
        var accounts = await SubscribedAsync(40);
        await _world.BecomeMonitoredAsync(accounts);
        await using var survivor = await _world.StartListenerAsync();
        await HoldsAsync(survivor, 128);

        doomed.Kill();

        await Eventually.BecomesTrueAsync(
            () => accounts.All(account => IsMonitoredBy(survivor, account)), DeafMax, "the survivor monitored every account");
        var stored = _world.Swarm.Store(accounts[0].Id, 0, "ciphertext"u8.ToArray());
        await _world.Arrivals.ArrivesAsync(stored.Hash);
    }

    [Test]
    public async Task An_instance_that_ends_in_order_is_heard_until_the_others_have_taken_over()
    {
        var leaving = await _world.StartListenerAsync();
        await using var staying = await _world.StartListenerAsync();
        await HoldsAsync(staying, 128);
        var accounts = await SubscribedAsync(40);
        await _world.BecomeMonitoredAsync(accounts);

        var hashes = new List<string>();
        var ending = leaving.DisposeAsync().AsTask();
        while (!ending.IsCompleted || hashes.Count < 1_000)
        {
            hashes.AddRange(accounts.Select(account => _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray()).Hash));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }

        await ending;
        // Each arrives; what both heard while the one took over from the other may arrive twice, and the Encryptor drops it.
        await Eventually.BecomesTrueAsync(
            () => !hashes.Except(_world.Arrivals.Items.Select(item => item.GetProperty("messageHash").GetString()!), StringComparer.Ordinal).Any(),
            what: "no message was lost");
    }

    [Test]
    public async Task A_third_instance_gets_its_share_and_gives_it_back()
    {
        await using var first = await _world.StartListenerAsync();
        await using var second = await _world.StartListenerAsync();
        var third = await _world.StartListenerAsync();
        await Eventually.BecomesTrueAsync(
            () => Held(first) + Held(second) + Held(third) == 256 && Math.Max(Held(first), Math.Max(Held(second), Held(third))) <= 86,
            what: "three shared fairly");

        await third.DisposeAsync();

        await HoldsAsync(first, 128);
        await HoldsAsync(second, 128);
    }

    [Test]
    public async Task A_broken_connection_to_the_database_costs_no_message_and_no_bucket()
    {
        await using var listener = await _world.StartListenerAsync();
        await HoldsAsync(listener, 256);
        var accounts = await SubscribedAsync(5);
        await _world.BecomeMonitoredAsync(accounts);
        var monitored = listener.Metrics.Monitored;

        await BreakConnectionsAsync();
        var stored = accounts.Select(account => _world.Swarm.Store(account.Id, 0, "ciphertext"u8.ToArray())).ToList();

        foreach (var message in stored)
            await _world.Arrivals.ArrivesAsync(message.Hash);
        await HoldsAsync(listener, 256);
        // Changes are heard again, and what is known is not told again.
        var later = await SubscribedAsync(1);
        await _world.BecomeMonitoredAsync(later);
        Assert.That(listener.Metrics.Monitored - monitored, Is.EqualTo(_world.Swarm.MembersOf(later[0].Id).Count));
    }

    [Test]
    public async Task Two_instances_with_one_key_are_noticed_at_start()
    {
        var keyFile = Path.Combine(Path.GetTempPath(), $"sotto-listener-test-{Guid.NewGuid():N}");
        KeyFile.Write(keyFile, Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());
        try
        {
            await using var first = await _world.StartListenerAsync($"--Swarm:PrivateKeyFile={keyFile}");

            Assert.That(
                async () => await _world.StartListenerAsync($"--Swarm:PrivateKeyFile={keyFile}"),
                Throws.TypeOf<SettingsException>().With.Message.Contains("Swarm:PrivateKeyFile").And.Message.Contains("another running instance"));
            await first.BecomesReadyAsync();
        }
        finally
        {
            File.Delete(keyFile);
        }
    }

    [Test]
    public void A_key_file_that_cannot_be_read_is_named() =>
        Assert.That(
            async () => await _world.StartListenerAsync("--Swarm:PrivateKeyFile=/nowhere/key"),
            Throws.TypeOf<SettingsException>().With.Message.Contains("Swarm:PrivateKeyFile").And.Message.Contains("/nowhere/key"));

    private static int Held(RunningListener listener) => listener.Get<BucketOwnership>().Held;

    private static Task HoldsAsync(RunningListener listener, int buckets) =>
        Eventually.BecomesTrueAsync(() => Held(listener) == buckets, what: $"it held {buckets} buckets");

    private static RunningListener? OwnerOf(SessionAccount account, params RunningListener[] listeners) =>
        listeners.SingleOrDefault(listener => listener.Get<OwnedAccounts>() is var owned
            && Sotto.Session.AccountId.Create(account.Id) is var id && owned.Hears(id) && !owned.IsLeaving(id.Bucket));

    private bool IsMonitoredBy(RunningListener listener, SessionAccount account) =>
        _world.Swarm.MonitorsOf(account.Id).Any(monitor =>
            monitor.RoutingId == listener.RoutingId && monitor.Nodes == _world.Swarm.MembersOf(account.Id).Count);

    private async Task<IReadOnlyList<SessionAccount>> SubscribedAsync(int count)
    {
        var accounts = Enumerable.Range(0, count).Select(_ => SessionAccount.Create()).ToList();
        await _world.SubscribeAsync(accounts);
        return accounts;
    }

    private async Task BreakConnectionsAsync()
    {
        await using var connection = new NpgsqlConnection(_world.Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", connection);
        await command.ExecuteNonQueryAsync();
    }
}
