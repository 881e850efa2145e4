using System.Collections.Concurrent;
using MassTransit;
using Sotto.Hosting.Bus;

namespace Sotto.SenderKit;

/// <summary>The rest of the system as a sender sees it: somebody who puts pushes into queues, asks about tokens, and hears the reports.</summary>
public sealed class TestBus : IAsyncDisposable
{
    private readonly IBusControl _bus;

    private TestBus(IBusControl bus) => _bus = bus;

    public ConcurrentQueue<PushAccepted> Accepted { get; } = [];

    public ConcurrentQueue<PushExpired> Expired { get; } = [];

    public ConcurrentQueue<PushDeadLettered> DeadLettered { get; } = [];

    public ConcurrentQueue<DeviceTokenInvalidated> Invalidated { get; } = [];

    public static async Task<TestBus> StartAsync(Uri broker)
    {
        TestBus? self = null;
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(broker);
            rabbit.ReceiveEndpoint(new TemporaryEndpointDefinition("reports"), endpoint =>
            {
                endpoint.ConfigureConsumeTopology = false;
                foreach (var exchange in (string[])[BusTopology.PushAccepted, BusTopology.PushExpired, BusTopology.PushDeadLettered, BusTopology.DeviceTokenInvalidated])
                    endpoint.Bind(exchange);
                endpoint.Handler<Frame<PushAccepted>>(context => Keep(context, self!.Accepted));
                endpoint.Handler<Frame<PushExpired>>(context => Keep(context, self!.Expired));
                endpoint.Handler<Frame<PushDeadLettered>>(context => Keep(context, self!.DeadLettered));
                endpoint.Handler<Frame<DeviceTokenInvalidated>>(context => Keep(context, self!.Invalidated));
            });
        });
        self = new TestBus(bus);
        using var patience = new CancellationTokenSource(Eventually.Patience);
        await bus.StartAsync(patience.Token);
        return self;
    }

    /// <summary>Puts pushes into their provider's queue, as frames of up to 64.</summary>
    public async Task PushAsync(params IReadOnlyList<EncryptedPush> pushes)
    {
        foreach (var sameProvider in pushes.GroupBy(push => push.Provider, StringComparer.Ordinal))
        {
            var exchange = await _bus.GetSendEndpoint(new Uri($"exchange:{Provider.PushQueue(sameProvider.Key)}"));
            foreach (var frame in sameProvider.Chunk(FrameLimits.ItemsMax))
                await exchange.Send(new Frame<EncryptedPush> { Items = frame });
        }
    }

    /// <summary>Puts one frame into a provider's queue, whatever is in it.</summary>
    public async Task PushFrameAsync(string provider, params IReadOnlyList<EncryptedPush?> items)
    {
        var exchange = await _bus.GetSendEndpoint(new Uri($"exchange:{Provider.PushQueue(provider)}"));
        await exchange.Send(new Frame<EncryptedPush> { Items = items! });
    }

    /// <summary>Asks as the SubscriptionApi does.</summary>
    public async Task<DeviceTokenValidated> AskAsync(string provider, byte[] sealedServiceInfo)
    {
        var client = _bus.CreateRequestClient<ValidateDeviceToken>(
            ValidationQueue.AddressOf(provider), RequestTimeout.After(s: 15));
        var answer = await client.GetResponse<DeviceTokenValidated>(new ValidateDeviceToken { Provider = provider, SealedServiceInfo = sealedServiceInfo });
        return answer.Message;
    }

    /// <summary>Asks several questions in one frame, as the SubscriptionApi does when many wait.</summary>
    public async Task<IReadOnlyList<DeviceTokenValidated>> AskTogetherAsync(string provider, params IEnumerable<byte[]> sealedServiceInfos)
    {
        var client = _bus.CreateRequestClient<Frame<ValidateDeviceToken>>(ValidationQueue.AddressOf(provider), RequestTimeout.After(s: 15));
        var questions = sealedServiceInfos.Select(info => new ValidateDeviceToken { Provider = provider, SealedServiceInfo = info });
        return (await client.GetResponse<Frame<DeviceTokenValidated>>(new Frame<ValidateDeviceToken> { Items = [.. questions] })).Message.Items;
    }

    public async ValueTask DisposeAsync() => await _bus.StopAsync(TimeSpan.FromSeconds(10));

    private static Task Keep<T>(ConsumeContext<Frame<T>> context, ConcurrentQueue<T> kept)
        where T : class
    {
        foreach (var item in context.Message.Items)
            kept.Enqueue(item);
        return Task.CompletedTask;
    }
}
