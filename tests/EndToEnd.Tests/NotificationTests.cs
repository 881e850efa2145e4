using System.Text;
using NUnit.Framework;
using Sotto.FakePhone;
using Sotto.Ledger;
using Sotto.LocalServers.Processes;
using Sotto.TestSupport;
using Phone = Sotto.FakePhone.FakePhone;

namespace EndToEnd.Tests;

/// <summary>The promise to the user: a message wakes the right phones, and no other, and only they can read it.</summary>
public sealed class NotificationTests
{
    private static readonly string[] Services = ["apns", "apns-sandbox", "firebase", "huawei"];

    private World _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await World.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_message_wakes_its_own_phone_through_every_provider_and_no_other()
    {
        var promised = new List<PushKey>();
        foreach (var service in Services)
        {
            foreach (var form in Enum.GetValues<ByteForm>())
            {
                var name = await _world.SubscribeAsync(service, Phone.Create().Writing(form));
                promised.Add(new PushKey(name, await _world.StoreAsync(name, Encoding.UTF8.GetBytes($"to {name}"))));
            }
        }

        await ArriveAsync(promised);
    }

    [Test]
    public async Task A_phone_that_subscribes_by_onion_request_is_woken_with_either_cipher()
    {
        var key = Convert.FromHexString(_world.System.State.OnionPublicKey!);
        var promised = new List<PushKey>();
        foreach (var cipher in Enum.GetValues<OnionCipher>())
        {
            var name = await _world.SubscribeAsync("firebase", via: new Route.Onion(key, cipher));
            promised.Add(new PushKey(name, await _world.StoreAsync(name, "by onion"u8.ToArray())));
        }

        await ArriveAsync(promised);
    }

    [Test]
    public async Task Both_phones_of_an_account_are_woken_and_only_in_the_namespaces_that_each_wants()
    {
        var account = SessionAccount.CreateGroup();
        var all = await _world.SubscribeAsync("apns", Phone.Create(account), namespaces: [-11, 11, 12, 13, 14]);
        var some = await _world.SubscribeAsync("huawei", Phone.Create(account), namespaces: [12]);

        var keys = await _world.StoreAsync(all, "keys"u8.ToArray(), @namespace: -11);
        var info = await _world.StoreAsync(all, "info"u8.ToArray(), @namespace: 12);
        await ArriveAsync([new(all, keys), new(all, info), new(some, info)]);

        var arrivals = await _world.ArrivalsAsync();
        Assert.That(arrivals.Where(arrival => arrival.Device == some).Select(arrival => arrival.Notification!.Hash), Is.EqualTo(new[] { info }));
        Assert.That(arrivals.Single(arrival => arrival.Notification?.Hash == keys).Notification!.Namespace, Is.EqualTo(-11));
    }

    [TestCase(0, false)]
    [TestCase(1, true)]
    [TestCase(2500, true)]
    [TestCase(2501, false)]
    [TestCase(76_800, false)]
    public async Task A_message_travels_inside_its_notification_when_it_fits(int size, bool fits)
    {
        var name = await _world.SubscribeAsync("apns");
        var data = Enumerable.Range(0, size).Select(i => (byte)i).ToArray();

        var hash = await _world.StoreAsync(name, data);
        await ArriveAsync([new(name, hash)]);

        var notification = (await _world.ArrivalsAsync()).Single(arrival => arrival.Device == name).Notification!;
        Assert.That(notification.Data, fits ? Is.EqualTo(data) : Is.Null.Or.Empty);
    }

    [Test]
    public async Task A_phone_that_wants_no_data_is_told_of_the_message_without_it()
    {
        var name = await _world.SubscribeAsync("firebase", wantData: false);

        var hash = await _world.StoreAsync(name, "not for this phone"u8.ToArray());
        await ArriveAsync([new(name, hash)]);

        Assert.That((await _world.ArrivalsAsync()).Single(arrival => arrival.Device == name).Notification!.Data, Is.Null.Or.Empty);
    }

    [Test]
    public async Task A_phone_that_unsubscribed_is_left_alone()
    {
        var gone = await _world.SubscribeAsync("apns");
        var witness = await _world.SubscribeAsync("huawei", Phone.Create(_world.PhoneOf(gone).Account));
        var answer = await _world.PhoneOf(gone).UnsubscribeAsync(_world.Http, _world.Api, "apns");
        Assert.That(answer.Success, Is.True);
        // Both phones' changes travel by the bus: a message that overtakes the one's withdrawal may still ring it, one that overtakes the other's subscription may
        // ring nobody, and later ones do as they should.
        await Eventually.BecomesTrueAsync(async () =>
        {
            var hash = await _world.StoreAsync(witness, "anybody there?"u8.ToArray());
            var rang = await Polling.UntilAsync(async () => await DidRingAsync(witness, hash), TimeSpan.FromSeconds(5));
            return rang && !await DidRingAsync(gone, hash);
        }, what: "a message rang the other phone alone");
        var before = (await _world.ArrivalsAsync()).Count(arrival => arrival.Device == gone);

        await ArriveAsync([new(witness, await _world.StoreAsync(witness, "still there?"u8.ToArray()))]);

        Assert.That((await _world.ArrivalsAsync()).Count(arrival => arrival.Device == gone), Is.EqualTo(before));
    }

    [Test]
    public async Task A_push_waits_for_a_sender_that_is_away_and_arrives_once()
    {
        var name = await _world.SubscribeAsync("huawei");
        await _world.System.StopServiceAsync(_world.Service("HuaweiSender"), StopSignal.Kill, CancellationToken.None);
        var hash = await _world.StoreAsync(name, "patience"u8.ToArray());

        await _world.System.StartServiceAsync("HuaweiSender", CancellationToken.None);

        await ArriveAsync([new(name, hash)]);
    }

    [Test]
    public async Task A_service_whose_sender_is_away_is_not_available()
    {
        await _world.System.StopServiceAsync(_world.Service("FcmSender"), StopSignal.Terminate, CancellationToken.None);
        try
        {
            var phone = Phone.Create();
            await Eventually.BecomesTrueAsync(
                async () => (await phone.SubscribeAsync(_world.Http, _world.Api, "firebase", [0])).Error == 2,
                what: "the API answered that nobody serves firebase (error 2)");
        }
        finally
        {
            await _world.System.StartServiceAsync("FcmSender", CancellationToken.None);
        }
    }

    private async Task ArriveAsync(List<PushKey> promised)
    {
        await Eventually.BecomesTrueAsync(
            async () => (await _world.ArrivalsAsync()).Count(arrival => IsPromised(promised, arrival)) >= promised.Count,
            what: $"{promised.Count} notifications reached their providers");
        // What went to other phones of this fixture is theirs; what concerns these messages must be exactly this.
        var hashes = promised.Select(key => key.Message).ToHashSet(StringComparer.Ordinal);
        var concerned = (await _world.ArrivalsAsync()).Where(arrival => arrival.Notification is null || hashes.Contains(arrival.Notification.Hash)).ToList();
        Assert.That(concerned.Select(arrival => new PushKey(arrival.Device, arrival.Notification?.Hash ?? "unreadable")), Is.EquivalentTo(promised));
    }

    private async Task<bool> DidRingAsync(string name, string hash) =>
        (await _world.ArrivalsAsync()).Any(arrival => arrival.Device == name && arrival.Notification?.Hash == hash);

    private static bool IsPromised(List<PushKey> promised, Arrival arrival) =>
        arrival.Notification is { } notification && promised.Contains(new PushKey(arrival.Device, notification.Hash));
}
