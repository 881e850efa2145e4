using System.Text;
using Npgsql;
using Sotto.Contracts;
using Sotto.Hosting.Bus;
using Sotto.Hosting.Settings;
using Sotto.Sodium;
using Sotto.TestSupport;

namespace Encryptor.Tests;

/// <summary>How wishes of devices are kept: in whatever order they come, with their keys out of sight.</summary>
public sealed class SubscriptionTests
{
    private EncryptorWorld _world = null!;

    [SetUp]
    public async Task SetUp() => _world = await EncryptorWorld.CreateAsync();

    [TearDown]
    public async Task TearDown() => await _world.DisposeAsync();

    [Test]
    public async Task A_withdrawn_device_is_not_woken_and_an_older_wish_does_not_bring_it_back()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        var withdrawal = Withdrawn(device.Wish with { Revision = _world.NextRevision() });
        await _world.SayAsync(device.Wish);
        await _world.SayAsync(withdrawal);
        await _world.SayAsync(device.Wish);

        await _world.HearAsync(EncryptorWorld.Message(device.Wish));

        Assert.That(await WokenAsync(device), Is.Zero);
    }

    [Test]
    public async Task A_withdrawal_that_overtakes_its_wish_wins()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        await _world.SayAsync(Withdrawn(device.Wish with { Revision = device.Wish.Revision + 1 }));
        await _world.SayAsync(device.Wish);

        await _world.HearAsync(EncryptorWorld.Message(device.Wish));

        Assert.That(await WokenAsync(device), Is.Zero);
    }

    [Test]
    public async Task A_device_that_wishes_again_after_its_withdrawal_is_woken()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        await _world.SayAsync(device.Wish);
        await _world.SayAsync(Withdrawn(device.Wish with { Revision = device.Wish.Revision + 1 }));
        await _world.SayAsync(device.Wish with { Revision = device.Wish.Revision + 2 });

        await _world.HearAsync(EncryptorWorld.Message(device.Wish));

        Assert.That(await WokenAsync(device), Is.EqualTo(1));
    }

    [Test]
    public async Task The_latest_of_several_changes_counts_in_whatever_order_they_come()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        var changes = Enumerable.Range(0, 6).Select(i => device.Wish with { Revision = device.Wish.Revision + i, Namespaces = [(short)i] }).ToArray();
        new Random(3).Shuffle(changes);

        // One frame, and then one by one.
        await _world.SayAsync(changes[..3]);
        foreach (var change in changes[3..])
            await _world.SayAsync(change);
        await _world.HearAsync([.. Enumerable.Range(0, 6).Select(i => EncryptorWorld.Message(device.Wish, @namespace: (short)i))]);

        Assert.That(await _world.QueryAsync<short[]>($"SELECT namespaces FROM subscriptions WHERE subscription_id = '{device.Wish.SubscriptionId}'"), Is.EqualTo(new short[] { 5 }));
        Assert.That(await WokenAsync(device), Is.EqualTo(1));
    }

    [Test]
    public async Task A_renewal_with_another_key_is_sealed_with_the_new_one()
    {
        await using var encryptor = await _world.StartAsync();
        var (before, after) = (_world.Device(), _world.Device());
        await _world.SayAsync(before.Wish);
        await _world.SayAsync(before.Wish with { Revision = _world.NextRevision(), SealedEnvelopeKey = after.Wish.SealedEnvelopeKey });

        await _world.HearAsync(EncryptorWorld.Message(before.Wish));

        var push = (await _world.TakePushesAsync()).Single();
        Assert.That(Sotto.FakePhone.Envelope.TryOpen(Convert.ToBase64String(push.Payload), after.EnvelopeKey, out _), Is.True);
    }

    [Test]
    public async Task A_subscription_that_has_expired_wakes_nobody_and_is_swept_away()
    {
        var clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var encryptor = await _world.StartAsync(clock);
        var (living, withdrawn) = (_world.Device(), _world.Device());
        await _world.SayAsync(
            living.Wish with { ExpiresAt = clock.GetUtcNow().AddHours(3) },
            withdrawn.Wish with { ExpiresAt = clock.GetUtcNow().AddHours(3) },
            Withdrawn(withdrawn.Wish with { Revision = _world.NextRevision(), ExpiresAt = clock.GetUtcNow().AddHours(1) }));
        await _world.SayAsync(Withdrawn(withdrawn.Wish with { Revision = _world.NextRevision(), ExpiresAt = clock.GetUtcNow().AddHours(1) }));

        clock.Advance(TimeSpan.FromHours(2));
        await _world.HearAsync(EncryptorWorld.Message(living.Wish) with { ExpiresAtMilliseconds = 0 });
        Assert.That(await WokenAsync(living), Is.EqualTo(1));

        clock.Advance(TimeSpan.FromHours(1));
        await _world.HearAsync(EncryptorWorld.Message(living.Wish) with { ExpiresAtMilliseconds = 0 });
        Assert.That(await WokenAsync(living), Is.Zero);

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                clock.Advance(TimeSpan.FromMinutes(30));
                return !await _world.QueryAsync<bool>(
                    $"SELECT EXISTS (SELECT FROM subscriptions WHERE subscription_id IN ('{living.Wish.SubscriptionId}', '{withdrawn.Wish.SubscriptionId}'))");
            },
            what: "both were swept away");
    }

    [Test]
    public async Task Listeners_are_told_of_a_change_once_it_can_be_sealed_for_and_of_no_other()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        var unusable = Fresh(device.Wish with { SealedEnvelopeKey = [] });
        var withdrawal = Withdrawn(device.Wish with { Revision = _world.NextRevision(), SealedDeviceToken = null! });

        await _world.SayAsync(device.Wish, unusable);
        await _world.SayAsync(withdrawal);

        var told = new List<SubscriptionChanged>();
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                foreach (var message in await _world.Probe.TakeAllAsync(BusTopology.ListenerSubscriptions))
                    told.AddRange(QueueProbe.Read<Frame<SubscriptionChanged>>(message).Items);
                return told.Count(change => change.SubscriptionId == device.Wish.SubscriptionId) == 2;
            },
            what: "listeners were told of the wish and of its withdrawal");
        Assert.That(told.Select(change => change.SubscriptionId), Has.None.EqualTo(unusable.SubscriptionId));
        Assert.That(told.Single(change => change.SubscriptionId == device.Wish.SubscriptionId && !change.Withdrawn).Authorization.Signature, Is.EqualTo(device.Wish.Authorization.Signature));
    }

    [Test]
    public async Task A_change_that_cannot_be_used_is_set_aside_alone()
    {
        await using var encryptor = await _world.StartAsync();
        var good = _world.Device();
        using var other = SealingKeyPair.Generate();

        await _world.SayAsync(
            Fresh(good.Wish with { SealedEnvelopeKey = SealedBox.Seal(new byte[32], other.PublicKey.Span) }),
            Fresh(good.Wish with { SealedEnvelopeKey = _world.Seal(new byte[31]) }),
            Fresh(good.Wish with { SealedEnvelopeKey = [] }),
            Fresh(good.Wish with { SealedEnvelopeKey = null! }),
            Fresh(good.Wish with { Account = new byte[32] }),
            Fresh(good.Wish with { DeviceId = new byte[31] }),
            Fresh(good.Wish with { SealedDeviceToken = new byte[8_193] }),
            Fresh(good.Wish with { SealedDeviceToken = null! }),
            Fresh(good.Wish with { Namespaces = [] }),
            Fresh(good.Wish with { Provider = "Apple!" }),
            good.Wish);

        await Eventually.BecomesTrueAsync(async () => await _world.Probe.CountAsync(BusTopology.Poison) == 10, what: "ten were set aside");
        var reasons = (await _world.Probe.TakeAllAsync(BusTopology.Poison)).Select(message => message.Headers[PoisonPublisher.ReasonHeader]).ToList();
        await _world.HearAsync(EncryptorWorld.Message(good.Wish));
        Assert.Multiple(async () =>
        {
            Assert.That(reasons.Take(4), Is.All.EqualTo("sealed envelope key does not open"));
            Assert.That(await WokenAsync(good), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task No_envelope_key_can_be_found_in_the_database()
    {
        await using var encryptor = await _world.StartAsync();
        var devices = Enumerable.Range(0, 20).Select(_ => _world.Device()).ToArray();
        await _world.SayAsync([.. devices.Select(device => device.Wish)]);
        await _world.HearAsync([.. devices.Select(device => EncryptorWorld.Message(device.Wish, [1]))]);

        var dump = await DumpAsync();

        Assert.Multiple(() =>
        {
            Assert.That(dump, Does.Contain(Convert.ToHexStringLower(devices[0].Wish.DeviceId)), "The dump does not show what is there.");
            foreach (var device in devices)
            {
                Assert.That(dump, Does.Not.Contain(Convert.ToHexStringLower(device.EnvelopeKey)));
                Assert.That(dump, Does.Not.Contain(Convert.ToHexStringLower(device.EnvelopeKey.AsSpan(0, 8))));
                Assert.That(dump, Does.Not.Contain(Convert.ToBase64String(device.EnvelopeKey)[..20]));
            }
        });
    }

    [Test]
    public async Task A_withdrawn_wish_leaves_nothing_of_its_account_or_device()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        await _world.SayAsync(device.Wish);
        await _world.SayAsync(Withdrawn(device.Wish with { Revision = _world.NextRevision() }));

        var dump = await DumpAsync();

        Assert.Multiple(() =>
        {
            Assert.That(dump, Does.Contain(device.Wish.SubscriptionId.ToString()));
            Assert.That(dump, Does.Not.Contain(Convert.ToHexStringLower(device.Wish.Account)));
            Assert.That(dump, Does.Not.Contain(Convert.ToHexStringLower(device.Wish.DeviceId)));
            Assert.That(dump, Does.Not.Contain(Convert.ToHexStringLower(device.Wish.SealedDeviceToken)));
        });
    }

    [Test]
    public async Task Another_private_key_than_the_one_in_use_is_refused_at_start()
    {
        await using (await _world.StartAsync())
            await _world.SayAsync(_world.Device().Wish);
        var other = Path.Combine(Path.GetTempPath(), $"sotto-other-{Guid.NewGuid():N}.key");
        KeyFile.Write(other, EncryptorWorld.Random(32));
        try
        {
            Assert.That(
                async () => await _world.StartAsync($"--Encryptor:PrivateKeyFile={other}"),
                Throws.InstanceOf<SettingsException>().With.Message.Contains("Encryptor:PrivateKeyFile"));
            await using var again = await _world.StartAsync();
        }
        finally
        {
            File.Delete(other);
        }
    }

    [TestCase("Encryptor:PrivateKeyFile", "")]
    [TestCase("Encryptor:PrivateKeyFile", "/no/such/file")]
    [TestCase("Encryptor:MetadataForm", "Xml")]
    [TestCase("Encryptor:DuplicateWindow", "00:00:00")]
    [TestCase("Encryptor:DuplicateWindow", "8.00:00:00")]
    [TestCase("Encryptor:PushLifetime", "00:00:01")]
    [TestCase("Encryptor:FramesAtOnce", "0")]
    [TestCase("Encryptor:FramesPrefetched", "100000")]
    public void A_wrong_setting_is_refused_by_name(string key, string value) =>
        Assert.That(async () => await _world.StartAsync($"--{key}={value}"), Throws.InstanceOf<SettingsException>().With.Message.Contains(key));

    private static SubscriptionChanged Withdrawn(SubscriptionChanged change) => change with { Withdrawn = true };

    private static SubscriptionChanged Fresh(SubscriptionChanged change) => change with { SubscriptionId = Guid.NewGuid() };

    private async Task<int> WokenAsync(Device device) =>
        (await _world.TakePushesAsync(device.Wish.Provider)).Count(push => push.DeviceId.SequenceEqual(device.Wish.DeviceId));

    // Every row of every table, as text: bytes are shown in hex.
    private async Task<string> DumpAsync()
    {
        await using var database = NpgsqlDataSource.Create(_world.Database);
        var tables = new List<string>();
        await using (var command = database.CreateCommand("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                tables.Add(reader.GetString(0));
        }

        var dump = new StringBuilder();
        foreach (var table in tables)
        {
            await using var command = database.CreateCommand($"SELECT t::text FROM {table} AS t");
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                dump.AppendLine(reader.GetString(0));
        }

        return dump.ToString();
    }
}
