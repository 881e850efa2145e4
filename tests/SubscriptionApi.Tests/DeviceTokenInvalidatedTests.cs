using MassTransit;
using Sotto.Contracts;
using Sotto.FakePhone;
using Sotto.Hosting.Bus;
using SubscriptionApi.Tests.Support;

namespace SubscriptionApi.Tests;

public sealed class DeviceTokenInvalidatedTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);

    private readonly SetClock _clock = new(Now);

    private ApiUnderTest _api = null!;
    private ChangeListener _listener = null!;
    private IBusControl _sender = null!;

    [SetUp]
    public async Task Start()
    {
        _clock.Now = Now;
        _api = await ApiUnderTest.StartedAsync(_clock);
        _listener = await ChangeListener.StartAsync(_api);
        _sender = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(_api.Broker.Amqp);
            rabbit.DeployPublishTopology = false;
        });
        await _sender.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
    }

    [TearDown]
    public async Task Stop()
    {
        await _sender.StopAsync();
        await _listener.DisposeAsync();
        await _api.DisposeAsync();
    }

    [Test]
    public async Task All_subscriptions_of_a_dead_token_are_withdrawn_and_no_other()
    {
        var dead = FakePhone.Create().At(_clock);
        await dead.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        await dead.With(SessionAccount.CreateGroup()).SubscribeAsync(_api.Http, _api.Address, "apns", [11]);
        await dead.SubscribeAsync(_api.Http, _api.Address, "firebase", [0]);
        await FakePhone.Create().At(_clock).SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        var device = (await _listener.HearAsync(4)).First(change => change.Provider == "apns").DeviceId;

        await ReportAsync(Death(device, Now.AddMilliseconds(1)));

        var withdrawn = (await _listener.HearAsync(6)).Where(change => change.Withdrawn).ToList();
        Assert.That(withdrawn, Has.Count.EqualTo(2));
        Assert.That(withdrawn.All(change => change.Provider == "apns" && change.DeviceId.SequenceEqual(device)), Is.True);
        Assert.That(await CountAsync(), Is.EqualTo(2));
    }

    [Test]
    public async Task A_token_renewed_after_its_death_is_kept()
    {
        var phone = FakePhone.Create().At(_clock);
        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        var device = (await _listener.HearAsync(1))[0].DeviceId;
        var other = FakePhone.Create().At(_clock);
        await other.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        var otherDevice = (await _listener.HearAsync(2))[1].DeviceId;

        // At the very instant counts as after.
        await ReportAsync(Death(device, Now), Death(otherDevice, Now.AddSeconds(1)));

        await _listener.HearAsync(3);
        Assert.That(await CountAsync(), Is.EqualTo(1));
        Assert.That(await _api.QueryAsync<byte[]>("SELECT device_id FROM subscriptions"), Is.EqualTo(device));
    }

    [Test]
    public async Task A_death_that_makes_no_sense_is_passed_over()
    {
        var phone = FakePhone.Create().At(_clock);
        await phone.SubscribeAsync(_api.Http, _api.Address, "apns", [0]);
        var device = (await _listener.HearAsync(1))[0].DeviceId;

        await ReportAsync(Death([1, 2, 3], Now.AddDays(1)), Death(device, Now.AddDays(1)));

        Assert.That((await _listener.HearAsync(2))[1].Withdrawn, Is.True);
    }

    private static DeviceTokenInvalidated Death(byte[] device, DateTimeOffset since) =>
        new() { Provider = "apns", DeviceId = device, InvalidSince = since, Reason = "Unregistered" };

    private async Task ReportAsync(params DeviceTokenInvalidated[] deaths)
    {
        var exchange = await _sender.GetSendEndpoint(new Uri($"exchange:{BusTopology.DeviceTokenInvalidated}"));
        await exchange.Send(new Frame<DeviceTokenInvalidated> { Items = deaths });
    }

    private Task<long> CountAsync() => _api.QueryAsync<long>("SELECT count(*) FROM subscriptions");
}
