using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

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
        await tap.ListenAsync("message-arrived", tap.OnMessageArrived, cancellation);
        foreach (var provider in providers)
            await tap.ListenAsync($"push.{provider}", (_, at) => tap._sealed.Enqueue((provider, at)), cancellation);

        return tap;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private async Task ListenAsync(string exchange, Action<JsonObject, DateTimeOffset> handle, CancellationToken cancellation)
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
            if (JsonNode.Parse(delivery.Body.Span) is JsonObject envelope && envelope["message"] is JsonObject frame)
                handle(frame, envelope["sentTime"]?.GetValue<DateTimeOffset>() ?? TimeProvider.System.GetUtcNow());

            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer, cancellation);
    }

    private void OnMessageArrived(JsonObject frame, DateTimeOffset at)
    {
        foreach (var item in frame["items"]?.AsArray() ?? [])
        {
            if (item?["messageHash"]?.GetValue<string>() is { } hash)
                _heard.TryAdd(hash, item["heardAt"]?.GetValue<DateTimeOffset>() ?? at);
        }
    }
}
