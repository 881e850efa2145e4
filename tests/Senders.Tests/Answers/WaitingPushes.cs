using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Senders.Tests.Answers;

/// <summary>Takes pushes out of the queues where they wait, and remembers where each lay and how it looked.</summary>
internal sealed class WaitingPushes : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, (string Queue, EncryptedPush Push)> _found = new();
    private readonly IConnection _connection;

    private WaitingPushes(IConnection connection) => _connection = connection;

    /// <summary>Begins with these queues, which are there.</summary>
    public static async Task<WaitingPushes> TakeAsync(TestBroker broker, IEnumerable<string> queues)
    {
        var waiting = new WaitingPushes(await new ConnectionFactory { Uri = broker.Amqp }.CreateConnectionAsync());
        var channel = await waiting._connection.CreateChannelAsync();
        foreach (var queue in queues)
        {
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += (_, delivery) =>
            {
                foreach (var push in WireFrame.Items<EncryptedPush>(delivery.Body.Span))
                    waiting._found[push.PushId] = (queue, push);
                return Task.CompletedTask;
            };
            await channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        }

        return waiting;
    }

    /// <summary>Where a push lay and how it looked; null when it did not wait.</summary>
    public (string Queue, EncryptedPush Push)? Find(Guid pushId) => _found.TryGetValue(pushId, out var found) ? found : null;

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();
}
