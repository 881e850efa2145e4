using System.Text.Json;
using Sotto.Contracts;
using Sotto.FakePhone;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;

namespace Encryptor.Tests;

/// <summary>What becomes of a message: who is woken, with what, and who is not.</summary>
public sealed class MessageTests
{
    private EncryptorWorld _world = null!;

    private static IEnumerable<TestCaseData> Vectors
    {
        get
        {
            using var file = JsonDocument.Parse(File.ReadAllText(Repository.At("tests", "vectors", "session", "payload_encryption.json")));
            foreach (var vector in file.RootElement.GetProperty("cases").EnumerateArray())
            {
                yield return new TestCaseData(vector.Clone(), "Bencode").SetArgDisplayNames(vector.GetProperty("name").GetString()!, "Bencode");
                if (vector.TryGetProperty("alternative_json_string_form", out _))
                    yield return new TestCaseData(vector.Clone(), "Json").SetArgDisplayNames(vector.GetProperty("name").GetString()!, "Json");
            }
        }
    }

    [SetUp]
    public async Task SetUp() => _world = await EncryptorWorld.CreateAsync();

    [TearDown]
    public async Task TearDown() => await _world.DisposeAsync();

    [Test]
    public async Task A_message_wakes_every_device_of_its_account_and_no_other()
    {
        await using var encryptor = await _world.StartAsync();
        var account = EncryptorWorld.NewAccount();
        var (phone, tablet, stranger) = (_world.Device(account), _world.Device(account, Provider.Firebase), _world.Device());
        await _world.SayAsync(phone.Wish, tablet.Wish, stranger.Wish);
        var message = EncryptorWorld.Message(account, "hello"u8.ToArray());

        await _world.HearAsync(message);

        var forPhone = (await _world.TakePushesAsync()).Single();
        var forTablet = (await _world.TakePushesAsync(Provider.Firebase)).Single();
        Assert.Multiple(() =>
        {
            Assert.That(forPhone.DeviceId, Is.EqualTo(phone.Wish.DeviceId));
            Assert.That(forPhone.SealedDeviceToken, Is.EqualTo(phone.Wish.SealedDeviceToken));
            Assert.That(forPhone.Provider, Is.EqualTo(Provider.Apns));
            Assert.That(forPhone.Urgency, Is.EqualTo(PushUrgency.High));
            Assert.That(forPhone.HeardAt, Is.EqualTo(message.HeardAt));
            Assert.That(forPhone.Attempt, Is.Zero);
            Assert.That(forTablet.DeviceId, Is.EqualTo(tablet.Wish.DeviceId));
            Assert.That(forTablet.PushId, Is.Not.EqualTo(forPhone.PushId));
            Assert.That(Open(forPhone, phone).Data, Is.EqualTo("hello"u8.ToArray()));
            Assert.That(Open(forTablet, tablet).Hash, Is.EqualTo(message.MessageHash));
            Assert.That(Envelope.TryOpen(Convert.ToBase64String(forPhone.Payload), tablet.EnvelopeKey, out _), Is.False, "The tablet opened what was for the phone.");
        });
    }

    [TestCaseSource(nameof(Vectors))]
    public async Task A_device_gets_exactly_the_bytes_of_the_vectors(JsonElement vector, string form)
    {
        var storedAt = vector.GetProperty("timestamp_ms").GetInt64();
        await using var encryptor = await _world.StartAsync(
            new ManualTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(storedAt)), $"--Encryptor:MetadataForm={form}");
        var device = _world.Device(Hex(vector, "account_hex"), namespaces: [vector.GetProperty("namespace").GetInt16()]);
        var key = Hex(vector, "enc_key_hex")!;
        await _world.SayAsync(device.Wish with { SealedEnvelopeKey = _world.Seal(key) });

        await _world.HearAsync(new MessageArrived
        {
            Account = Hex(vector, "account_hex")!,
            MessageHash = vector.GetProperty("msg_hash").GetString()!,
            Namespace = vector.GetProperty("namespace").GetInt16(),
            StoredAtMilliseconds = storedAt,
            ExpiresAtMilliseconds = vector.GetProperty("expiry_ms").GetInt64(),
            Data = Hex(vector, "data_hex"),
        });

        var push = (await _world.TakePushesAsync()).Single();
        var expected = form == "Json" ? vector.GetProperty("alternative_json_string_form") : vector;
        var plaintext = Hex(expected, "plaintext_unpadded_hex")!;
        Array.Resize(ref plaintext, (plaintext.Length + 255) / 256 * 256);
        Assert.That(Envelope.TryDecrypt(Convert.ToBase64String(push.Payload), key, out var opened), Is.True);
        Assert.That(opened, Is.EqualTo(plaintext));
    }

    [Test]
    public async Task Each_envelope_has_a_nonce_of_its_own()
    {
        await using var encryptor = await _world.StartAsync();
        var account = EncryptorWorld.NewAccount();
        var devices = Enumerable.Range(0, 10).Select(_ => _world.Device(account)).ToArray();
        await _world.SayAsync([.. devices.Select(device => device.Wish)]);

        await _world.HearAsync(EncryptorWorld.Message(account), EncryptorWorld.Message(account));

        Assert.That((await _world.TakePushesAsync()).Select(push => Convert.ToHexString(push.Payload.AsSpan(0, 24))), Is.Unique.And.Exactly(20).Items);
    }

    [Test]
    public async Task A_device_is_woken_for_the_namespaces_that_it_named_and_no_others()
    {
        await using var encryptor = await _world.StartAsync();
        var account = EncryptorWorld.NewAccount();
        var (narrow, wide) = (_world.Device(account, namespaces: [0]), _world.Device(account, namespaces: [short.MinValue, -11, 0, 3, short.MaxValue]));
        await _world.SayAsync(narrow.Wish, wide.Wish);

        short[] all = [short.MinValue, -11, -10, 0, 1, 3, short.MaxValue];
        await _world.HearAsync([.. all.Select(number => EncryptorWorld.Message(account, @namespace: number))]);

        var pushes = await _world.TakePushesAsync();
        Assert.Multiple(() =>
        {
            Assert.That(pushes.Where(push => push.DeviceId.SequenceEqual(narrow.Wish.DeviceId)).Select(push => Open(push, narrow).Namespace), Is.EquivalentTo(new int?[] { 0 }));
            Assert.That(
                pushes.Where(push => push.DeviceId.SequenceEqual(wide.Wish.DeviceId)).Select(push => Open(push, wide).Namespace),
                Is.EquivalentTo(new int?[] { short.MinValue, -11, 0, 3, short.MaxValue }));
        });
    }

    [TestCase(0, true, ExpectedResult = null)]
    [TestCase(1, true, ExpectedResult = 1)]
    [TestCase(2500, true, ExpectedResult = 2500)]
    [TestCase(2501, true, ExpectedResult = null)]
    [TestCase(76_800, true, ExpectedResult = null)]
    [TestCase(100, false, ExpectedResult = null)]
    public async Task<int?> Data_travels_only_to_who_wants_it_and_only_if_it_fits(int length, bool wanted)
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device(wantsData: wanted);
        await _world.SayAsync(device.Wish);

        await _world.HearAsync(EncryptorWorld.Message(device.Wish, EncryptorWorld.Random(length)));

        var notification = Open((await _world.TakePushesAsync()).Single(), device);
        Assert.That(notification.IsTooBig, Is.EqualTo(wanted && length > 2500));
        Assert.That(notification.DataLength, Is.EqualTo(wanted && length > 0 ? length : (long?)null));
        return notification.Data?.Length;
    }

    [Test]
    public async Task A_push_expires_with_its_message_or_after_the_longest_that_a_push_may_wait()
    {
        var clock = new ManualTimeProvider(new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero));
        var now = clock.GetUtcNow();
        await using var encryptor = await _world.StartAsync(clock, "--Encryptor:PushLifetime=3.00:00:00");
        var device = _world.Device();
        await _world.SayAsync(device.Wish with { ExpiresAt = now.AddDays(14) });
        long[] expiries = [now.AddDays(1).ToUnixTimeMilliseconds(), now.AddDays(9).ToUnixTimeMilliseconds(), 0, -1, long.MinValue, long.MaxValue, now.AddYears(-3).ToUnixTimeMilliseconds()];
        var messages = expiries.Select(expiry => EncryptorWorld.Message(device.Wish) with { ExpiresAtMilliseconds = expiry, HeardAt = now }).ToArray();

        await _world.HearAsync(messages);

        var found = (await _world.TakePushesAsync()).ToDictionary(push => Open(push, device).Hash, push => push.ExpiresAt - now, StringComparer.Ordinal);
        var most = TimeSpan.FromDays(3);
        Assert.That(messages.Select(message => found[message.MessageHash]), Is.EqualTo([TimeSpan.FromDays(1), most, most, most, most, most, most]));
    }

    [Test]
    public async Task What_the_network_has_deleted_already_wakes_nobody()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        await _world.SayAsync(device.Wish);
        var dead = EncryptorWorld.Message(device.Wish) with { ExpiresAtMilliseconds = TimeProvider.System.GetUtcNow().AddSeconds(-1).ToUnixTimeMilliseconds() };

        await _world.HearAsync(dead);

        Assert.That(await _world.TakePushesAsync(), Is.Empty);
    }

    [Test]
    public async Task A_malformed_message_is_set_aside_alone()
    {
        await using var encryptor = await _world.StartAsync();
        var device = _world.Device();
        await _world.SayAsync(device.Wish);
        var good = EncryptorWorld.Message(device.Wish, [1]);

        await _world.HearAsync(
            good with { Account = good.Account[..32] },
            good with { Account = null! },
            good with { MessageHash = "short" },
            good with { MessageHash = new string('a', 100) },
            good with { MessageHash = new string('é', 43) },
            good with { MessageHash = null! },
            good with { Data = new byte[76_801] },
            good);

        await Eventually.BecomesTrueAsync(async () => await _world.Probe.CountAsync(BusTopology.Poison) == 7, what: "seven were set aside");
        var poison = (await _world.Probe.TakeAsync(BusTopology.Poison))!;
        Assert.Multiple(async () =>
        {
            Assert.That((await _world.TakePushesAsync()).Select(push => Open(push, device).Hash), Is.EqualTo([good.MessageHash]));
            Assert.That(poison.Headers[PoisonPublisher.QueueHeader], Is.EqualTo(BusTopology.Encryptor));
            Assert.That(poison.Headers[PoisonPublisher.ReasonHeader], Is.EqualTo("account of 32 bytes"));
        });
    }

    [Test]
    public async Task Pushes_wait_for_a_sender_that_has_never_run()
    {
        var device = _world.Device(provider: "not-invented-yet");
        await using (await _world.StartAsync())
        {
            await _world.SayAsync(device.Wish);
            await _world.HearAsync(EncryptorWorld.Message(device.Wish), EncryptorWorld.Message(device.Wish));
        }

        Assert.That(await _world.TakePushesAsync("not-invented-yet"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task An_account_with_very_many_devices_wakes_them_all_once()
    {
        const int Devices = (2 * PushMaker.PushesAtOnceMax) + 100;
        await using var encryptor = await _world.StartAsync();
        var account = EncryptorWorld.NewAccount();
        foreach (var some in Enumerable.Range(0, Devices).Select(_ => _world.Device(account).Wish).Chunk(50))
            await _world.SayAsync(some);

        await _world.HearAsync(EncryptorWorld.Message(account));

        // The sentinel's transaction may have been any of the three.
        var pushes = await _world.TakePushesAsync(Devices);
        Assert.That(pushes.Select(push => Convert.ToHexString(push.DeviceId)), Is.Unique.And.Exactly(Devices).Items);
    }

    [Test]
    public async Task A_subscription_whose_stored_key_is_damaged_costs_nobody_else_a_push()
    {
        await using var encryptor = await _world.StartAsync();
        var account = EncryptorWorld.NewAccount();
        var (damaged, whole) = (_world.Device(account), _world.Device(account));
        await _world.SayAsync(damaged.Wish, whole.Wish);
        await _world.ExecuteAsync($"UPDATE subscriptions SET wrapped_key = set_byte(wrapped_key, 30, get_byte(wrapped_key, 30) # 1) WHERE subscription_id = '{damaged.Wish.SubscriptionId}'");

        await _world.HearAsync(EncryptorWorld.Message(account));

        Assert.That((await _world.TakePushesAsync()).Select(push => push.DeviceId), Is.EqualTo([whole.Wish.DeviceId]));
    }

    private static Notification Open(EncryptedPush push, Device device)
    {
        Assert.That(Envelope.TryOpen(Convert.ToBase64String(push.Payload), device.EnvelopeKey, out var notification), Is.True, "The device cannot open its notification.");
        return notification!;
    }

    private static byte[]? Hex(JsonElement vector, string name) =>
        vector.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? Convert.FromHexString(text.GetString()!) : null;
}
