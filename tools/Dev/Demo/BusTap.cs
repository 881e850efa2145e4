using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Dev.Demo;

/// <summary>Listens in on the bus to tell when a message passed: a queue of its own, bound beside the consumers' and gone with the connection.</summary>
internal sealed class BusTap : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _heard = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Provider, DateTimeOffset At)> _sealed = [];

    private BusTap(IConnection connection) => _connection = connection;

    /// <summary>When the listener took each message from the wire, by message hash.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Heard => _heard;

    /// <summary>When the first sealed push for a provider since an instant was sent to its queue; null when none was.</summary>
    public DateTimeOffset? SealedAt(string provider, DateTimeOffset since)
    {
        var times = _sealed.Where(push => push.Provider == provider && push.At >= since).Select(push => push.At).ToList();
        return times.Count == 0 ? null : times.Min();
    }

    /// <summary>Connects and listens; an exchange that does not exist yet is left out, since times are all that is lost.</summary>
    public static async Task<BusTap> OpenAsync(Uri amqp, IEnumerable<string> providers, CancellationToken cancellation)
    {
        var factory = new ConnectionFactory { Uri = amqp, ClientProvidedName = "demo" };
        var tap = new BusTap(await factory.CreateConnectionAsync(cancellation));
        await tap.ListenAsync(BusTopology.MessageArrived, (frame, _) => tap.OnMessageArrived(frame), cancellation);
        foreach (var provider in providers)
            await tap.ListenAsync(Provider.PushQueue(provider), (_, at) => tap._sealed.Enqueue((provider, at)), cancellation);

        return tap;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private async Task ListenAsync(string exchange, Action<object, DateTimeOffset> handle, CancellationToken cancellation)
    {
        var channel = await _connection.CreateChannelAsync(cancellationToken: cancellation);
        try
        {
            await channel.ExchangeDeclarePassiveAsync(exchange, cancellation);
        }
        catch (OperationInterruptedException)
        {
            return;
        }

        var queue = await channel.QueueDeclareAsync(cancellationToken: cancellation);
        await channel.QueueBindAsync(queue.QueueName, exchange, routingKey: "", cancellationToken: cancellation);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            // When it was sent is written on it; when we get to read it says more of us than of the system.
            if (delivery.BasicProperties.ContentType == FrameCodec.ContentType)
                handle(FrameCodec.Read(delivery.Body.Span, out var sentAt), sentAt);
            else if (JsonNode.Parse(delivery.Body.Span) is JsonObject envelope && envelope["message"] is JsonObject frame)
                handle(Read(exchange, frame), envelope["sentTime"]?.GetValue<DateTimeOffset>() ?? TimeProvider.System.GetUtcNow());

            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer, cancellation);
    }

    // Of pushes only the time is looked at.
    private static object Read(string exchange, JsonObject frame) =>
        exchange == BusTopology.MessageArrived ? frame.Deserialize<Frame<MessageArrived>>(JsonSerializerOptions.Web)! : frame;

    private void OnMessageArrived(object frame)
    {
        foreach (var message in (frame as Frame<MessageArrived>)?.Items ?? [])
            _heard.TryAdd(message.MessageHash, message.HeardAt);
    }
}
