using System.Collections.Concurrent;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace SubscriptionApi.Tests.Support;

/// <summary>Hears what the service tells the others, at the Encryptor's queue.</summary>
internal sealed class ChangeListener : IAsyncDisposable
{
    private readonly ConcurrentQueue<SubscriptionChanged> _heard = new();
    private readonly IBusControl _bus;

    private ChangeListener(Uri broker) => _bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
    {
        rabbit.Host(broker);
        rabbit.DeployPublishTopology = false;
        rabbit.ReceiveEndpoint(BusTopology.EncryptorSubscriptions, endpoint =>
        {
            endpoint.UseWorkQueue();
            endpoint.Handler<Frame<SubscriptionChanged>>(context =>
            {
                foreach (var change in context.Message.Items)
                    _heard.Enqueue(change);
                return Task.CompletedTask;
            });
        });
    });

    public IReadOnlyList<SubscriptionChanged> Heard => [.. _heard];

    /// <summary>The service must have started: it declares the queue.</summary>
    public static async Task<ChangeListener> StartAsync(ApiUnderTest api)
    {
        var listener = new ChangeListener(api.Broker.Amqp);
        await listener._bus.StartAsync(new CancellationTokenSource(Eventually.Patience).Token);
        return listener;
    }

    /// <summary>Waits until so many changes were heard.</summary>
    public async Task<IReadOnlyList<SubscriptionChanged>> HearAsync(int count, TimeSpan? within = null)
    {
        await Eventually.BecomesTrueAsync(() => _heard.Count >= count, within, $"{count} changes were heard");
        return Heard;
    }

    public async ValueTask DisposeAsync() => await _bus.StopAsync(new CancellationTokenSource(Eventually.Patience).Token);
}
