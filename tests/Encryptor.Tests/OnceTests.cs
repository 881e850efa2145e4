using Sotto.Contracts;
using Sotto.LocalServers;
using Sotto.LocalServers.Postgres;
using Sotto.TestSupport;

namespace Encryptor.Tests;

/// <summary>Each push once, whatever is repeated, restarted or broken.</summary>
public sealed class OnceTests
{
    private EncryptorWorld _world = null!;

    [SetUp]
    public async Task SetUp() => _world = await EncryptorWorld.CreateAsync();

    [TearDown]
    public async Task TearDown() => await _world.DisposeAsync();

    [Test]
    public async Task Copies_of_a_message_make_one_push_in_one_frame_and_across_frames_and_restarts()
    {
        var device = _world.Device();
        var message = EncryptorWorld.Message(device.Wish, [1, 2, 3]);
        await using (await _world.StartAsync())
        {
            await _world.SayAsync(device.Wish);
            await _world.HearAsync(message, message, message with { HeardAt = message.HeardAt.AddSeconds(1) });
            await _world.HearAsync(message with { Data = null }, message);
        }

        await using (await _world.StartAsync())
            await _world.HearAsync(message);

        Assert.That(await _world.TakePushesAsync(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_message_that_is_new_in_the_midst_of_copies_is_pushed()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        await _world.SayAsync(device.Wish);
        var messages = Enumerable.Range(0, 20).Select(_ => EncryptorWorld.Message(device.Wish)).ToArray();
        await _world.HearAsync(messages[..10]);

        await _world.HearAsync(messages);

        Assert.That((await _world.TakePushesAsync()).Select(push => push.PushId), Is.Unique.And.Exactly(20).Items);
    }

    [Test]
    public async Task Two_instances_that_hear_the_same_in_different_orders_push_each_once()
    {
        await using var one = await _world.StartAsync();
        await using var other = await _world.StartAsync();
        var devices = Enumerable.Range(0, 8).Select(_ => _world.Device()).ToArray();
        await _world.SayAsync([.. devices.Select(device => device.Wish)]);
        var messages = Enumerable.Range(0, 120).Select(i => EncryptorWorld.Message(devices[i % 8].Wish)).ToArray();
        var random = new Random(7);

        // Each message five times, as from five members of a swarm, in frames that overlap.
        await Task.WhenAll(Enumerable.Range(0, 5).SelectMany(_ =>
        {
            var shuffled = messages.ToArray();
            random.Shuffle(shuffled);
            return shuffled.Chunk(30).Select(frame => _world.HearAsync(frame));
        }));

        Assert.That((await _world.TakePushesAsync()).Select(push => push.PushId), Is.Unique.And.Exactly(120).Items);
    }

    [Test]
    public async Task A_crash_between_publishing_and_committing_repeats_the_same_push_and_nothing_else()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        await _world.SayAsync(device.Wish);
        await _world.HearAsync(EncryptorWorld.Message(device.Wish));
        await _world.TakePushesAsync();
        // The database's own process dies at the first commit from here on, when everything has been published.
        await _world.ExecuteAsync(
            """
            CREATE SEQUENCE commits;
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF nextval('commits') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER die AFTER INSERT ON recent_pushes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
            """);

        await _world.HearAsync(EncryptorWorld.Message(device.Wish), EncryptorWorld.Message(device.Wish));

        var pushes = await _world.TakePushesAsync();
        Assert.Multiple(() =>
        {
            Assert.That(pushes, Has.Count.EqualTo(4));
            Assert.That(pushes.CountBy(push => push.PushId).Select(push => push.Value), Is.EqualTo([2, 2]));
            Assert.That(pushes.Select(push => Convert.ToHexString(push.DeviceId)).Distinct(StringComparer.Ordinal).Count(), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_queue_that_takes_nothing_makes_no_other_providers_push_twice()
    {
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var encryptor = await _world.StartAsync(clock);
        var account = EncryptorWorld.NewAccount();
        await _world.SayAsync(_world.Device(account).Wish, _world.Device(account, Provider.Firebase).Wish);
        // A queue of another kind by the same name: the Encryptor cannot declare its own.
        var spoilt = Provider.PushQueue(Provider.Firebase);
        await _world.Probe.RunAsync(channel => channel.QueueDeclareAsync(spoilt, durable: false, exclusive: false, autoDelete: false));

        await _world.SayAsync(EncryptorWorld.Message(account), EncryptorWorld.Message(account));
        await RememberedAsync(clock, pushes: 2);
        // It is tried again and again meanwhile.
        for (var i = 0; i < 12; i++)
        {
            clock.Advance(PushQueues.ConfirmWaitMax / 4);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        Assert.That((await _world.TakePushesAsync()).Select(push => push.PushId), Is.Unique.And.Exactly(2).Items);
        await _world.Probe.RunAsync(channel => channel.QueueDeleteAsync(spoilt, ifUnused: false, ifEmpty: false));
        await RememberedAsync(clock, pushes: 4);

        Assert.That((await _world.TakePushesAsync(Provider.Firebase)).DistinctBy(push => push.PushId).Count(), Is.EqualTo(2));
        Assert.That(await _world.TakePushesAsync(), Is.Empty);
    }

    private Task RememberedAsync(ManualTimeProvider clock, int pushes) => Eventually.BecomesTrueAsync(
        () =>
        {
            clock.Advance(PushQueues.ConfirmWaitMax / 400);
            return _world.QueryAsync<bool>($"SELECT (SELECT count(*) FROM recent_pushes) + (SELECT count(*) FROM earlier_pushes) = {pushes}");
        },
        within: TimeSpan.FromMinutes(2), what: $"{pushes} pushes were remembered as made");

    [Test]
    public async Task Nothing_is_lost_while_the_broker_is_cut_off()
    {
        await using var wire = new TcpProxy("127.0.0.1", _world.RabbitMq.Port);
        await using var encryptor = await _world.StartAsync($"--ConnectionStrings:RabbitMq={new UriBuilder(_world.RabbitMq) { Port = wire.Port }.Uri}");
        var device = _world.Device();
        await _world.SayAsync(device.Wish);
        await SpeakAcrossCutsAsync(wire, device);

        var pushes = await _world.TakePushesAsync(300);
        Assert.That(pushes.DistinctBy(push => push.PushId).Count(), Is.EqualTo(300));
    }

    [Test]
    public async Task Nothing_is_lost_while_the_database_is_cut_off()
    {
        var database = new Npgsql.NpgsqlConnectionStringBuilder(_world.Database);
        await using var wire = new TcpProxy("127.0.0.1", database.Port);
        database.Port = wire.Port;
        await using var encryptor = await _world.StartAsync($"--ConnectionStrings:Postgres={database.ConnectionString}");
        var device = _world.Device();
        await _world.SayAsync(device.Wish);
        await SpeakAcrossCutsAsync(wire, device);

        var pushes = await _world.TakePushesAsync(300);
        Assert.That(pushes.DistinctBy(push => push.PushId).Count(), Is.EqualTo(300));
    }

    [Test]
    public async Task Nothing_is_lost_when_the_database_is_killed_and_comes_back()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"sotto-encryptor-postgres-{Guid.NewGuid():N}");
        var server = await PrivatePostgres.StartAsync(folder, Durability.Durable);
        try
        {
            await using var world = await EncryptorWorld.CreateAsync((await PostgresDatabase.CreateAsync(server.ConnectionString, "sotto")).ConnectionString);
            await using var encryptor = await world.StartAsync();
            var device = world.Device();
            await world.SayAsync(device.Wish);
            await world.SayAsync([.. Enumerable.Range(0, 60).Select(_ => EncryptorWorld.Message(device.Wish))]);
            await server.KillAsync();
            await world.SayAsync([.. Enumerable.Range(0, 60).Select(_ => EncryptorWorld.Message(device.Wish))]);
            server = await PrivatePostgres.StartAsync(folder, Durability.Durable);
            await world.SayAsync([.. Enumerable.Range(0, 60).Select(_ => EncryptorWorld.Message(device.Wish))]);

            var pushes = await world.TakePushesAsync(180);
            Assert.That(pushes.DistinctBy(push => push.PushId).Count(), Is.EqualTo(180));
        }
        finally
        {
            await server.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    // 300 messages: the wire is cut and mended twice while they come.
    private async Task SpeakAcrossCutsAsync(TcpProxy wire, Device device)
    {
        for (var round = 0; round < 10; round++)
        {
            await _world.SayAsync([.. Enumerable.Range(0, 30).Select(_ => EncryptorWorld.Message(device.Wish))]);
            if (round % 4 == 1)
                wire.Cut();
            if (round % 4 == 3)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
                wire.Mend();
            }
        }

        wire.Mend();
    }
}
