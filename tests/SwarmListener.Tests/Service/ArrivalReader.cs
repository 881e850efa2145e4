using System.Collections.Concurrent;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;

namespace SwarmListener.Tests.Service;

/// <summary>Takes what lies in the Encryptor's queue, as bytes on the wire and not through the bus, and remembers it.</summary>
internal sealed class ArrivalReader : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly ConcurrentQueue<JsonElement> _items = new();
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);

    private ArrivalReader(IConnection connection) => _connection = connection;

    public IReadOnlyList<JsonElement> Items => [.. _items];

    public static async Task<ArrivalReader> StartAsync(Uri amqp)
    {
        var connection = await new ConnectionFactory { Uri = amqp }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync();
        await BusTopology.DeclareAsync(channel, CancellationToken.None);
        var reader = new ArrivalReader(connection);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            reader.Take(delivery.Body.Span);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(BusTopology.Encryptor, autoAck: true, consumer);
        return reader;
    }

    /// <summary>How often a message arrived.</summary>
    public int CountOf(string hash) => _counts.GetValueOrDefault(hash);

    public async Task<JsonElement> ArrivesAsync(string hash)
    {
        await Eventually.BecomesTrueAsync(() => CountOf(hash) > 0, what: "the message arrived");
        return _items.First(item => item.GetProperty("messageHash").GetString() == hash);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private void Take(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(WireFrame.ToJson(body));
        foreach (var item in JsonElement.ParseValue(ref reader).GetProperty("message").GetProperty("items").EnumerateArray())
        {
            _items.Enqueue(item);
            _counts.AddOrUpdate(item.GetProperty("messageHash").GetString()!, 1, (_, count) => count + 1);
        }
    }
}
