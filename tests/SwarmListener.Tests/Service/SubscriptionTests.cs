using Npgsql;
using RabbitMQ.Client;
using Sotto.FakePhone;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;
using SwarmListener.Storage;

namespace SwarmListener.Tests.Service;

/// <summary>What the bus says about subscriptions, in any order and of any quality, and what is kept of it.</summary>
[CancelAfter(120_000)]
public sealed class SubscriptionTests
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
    public async Task Of_changes_in_any_order_the_newest_counts()
    {
        var account = SessionAccount.Create();
        var id = Guid.NewGuid();
        var first = _world.Subscription(account, [0], wantsData: false, id, Now);
        var second = _world.Subscription(account, [0, 1], wantsData: false, id, Now);
        var withdrawal = _world.Subscription(account, [0, 1], wantsData: false, id, Now) with { Withdrawn = true };

        await _world.SayAsync(second, first);
        await StoredAsync(id, second.Revision, withdrawn: false);
        await _world.SayAsync(withdrawal);
        await _world.SayAsync(first, second);
        // Another one behind them in the queue shows that they were taken.
        await StoredAsync((await _world.SubscribeAsync(SessionAccount.Create())).SubscriptionId, revision: null, withdrawn: false);

        await StoredAsync(id, withdrawal.Revision, withdrawn: true);
    }

    [Test]
    public async Task A_plain_renewal_is_not_told_at_once_and_a_second_device_neither()
    {
        var account = SessionAccount.Create();
        var subscription = await _world.SubscribeAsync(account, signedAt: Now - 100);
        await _world.BecomesMonitoredAsync(account);
        var monitored = _listener.Metrics.Monitored;

        await _world.SubscribeAsync(account, id: subscription.SubscriptionId);
        await _world.SubscribeAsync(account);
        var other = SessionAccount.Create();
        await _world.SubscribeAsync(other);
        await _world.BecomesMonitoredAsync(other);

        await Eventually.BecomesTrueAsync(() => _listener.Metrics.Monitored > monitored, what: "the other account was answered for");
        Assert.That(_listener.Metrics.Monitored - monitored, Is.EqualTo(_world.Swarm.MembersOf(other.Id).Count));
    }

    [Test]
    public async Task One_bad_change_is_set_aside_and_its_neighbours_are_stored()
    {
        var good = _world.Subscription(SessionAccount.Create(), [0], wantsData: true, Guid.NewGuid(), Now);
        var bad = good with { SubscriptionId = Guid.NewGuid(), Account = new byte[7] };
        var poison = await PoisonAsync();

        await _world.SayAsync(bad, good);

        await StoredAsync(good.SubscriptionId, good.Revision, withdrawn: false);
        await Eventually.BecomesTrueAsync(async () => await PoisonAsync() == poison + 1, what: "the bad change was set aside");
        Assert.That(await RowAsync(bad.SubscriptionId), Is.Null);
    }

    [Test]
    public async Task What_has_expired_is_forgotten_by_database_and_memory()
    {
        var account = SessionAccount.Create();
        var soon = DateTimeOffset.FromUnixTimeSeconds(Now + 3);
        var change = _world.Subscription(account, [0], wantsData: true, Guid.NewGuid(), Now) with { ExpiresAt = soon };
        await _world.SayAsync(change);
        await _world.BecomesMonitoredAsync(account);

        await Eventually.BecomesTrueAsync(() => !Hears(account), what: "the account was heard no more");
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await _listener.Get<SubscriptionStore>().DeleteExpiredAsync((uint)Now, CancellationToken.None);
                return await RowAsync(change.SubscriptionId) is null;
            },
            what: "the row was deleted");
    }

    [Test]
    public async Task Changes_stored_while_nobody_was_told_are_found_when_the_database_is_heard_again()
    {
        var account = SessionAccount.Create();
        var withdrawn = SessionAccount.Create();
        var before = await _world.SubscribeAsync(withdrawn);
        await _world.BecomesMonitoredAsync(withdrawn);
        var store = _listener.Get<SubscriptionStore>();
        await using var connection = new NpgsqlConnection(_world.Database);
        await connection.OpenAsync();

        // As if the notices had been lost: the rows come in without one, and then the listening connection breaks.
        await ExecuteAsync(
            connection,
            "CREATE TEMP TABLE heard AS SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^(LISTEN|SELECT 1)'");
        await ExecuteAsync(connection, $"UPDATE swarm_listener.subscriptions SET withdrawn = true WHERE id = '{before.SubscriptionId}'");
        var row = SubscriptionRow.From(_world.Subscription(account, [0], wantsData: true, Guid.NewGuid(), Now), out _)!;
        await store.ApplyAsync([row], CancellationToken.None);
        await ExecuteAsync(connection, "SELECT pg_terminate_backend(pid) FROM heard WHERE pid <> pg_backend_pid()");

        await _world.BecomesMonitoredAsync(account);
        await Eventually.BecomesTrueAsync(() => !Hears(withdrawn), what: "the withdrawn account was heard no more");
    }

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private bool Hears(SessionAccount account) =>
        _listener.Get<SwarmListener.Monitoring.OwnedAccounts>().Hears(Sotto.Session.AccountId.Create(account.Id));

    private Task StoredAsync(Guid id, long? revision, bool withdrawn) =>
        Eventually.BecomesTrueAsync(
            async () => await RowAsync(id) is { } row && (revision is null || row.Revision == revision) && row.Withdrawn == withdrawn,
            what: "the change was stored");

    private async Task<(long Revision, bool Withdrawn)?> RowAsync(Guid id)
    {
        await using var connection = new NpgsqlConnection(_world.Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT revision, withdrawn FROM swarm_listener.subscriptions WHERE id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetInt64(0), reader.GetBoolean(1)) : null;
    }

    private async Task<uint> PoisonAsync()
    {
        await using var connection = await new ConnectionFactory { Uri = _world.TestBroker.Amqp }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await channel.MessageCountAsync(BusTopology.Poison);
    }
}
