using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Sotto.Hosting.Bus;

namespace Sotto.Bench.Swarm;

/// <summary>Takes frames from the queue of the next stage and throws them away, so that the broker does not fill.</summary>
internal sealed class Drain : IAsyncDisposable
{
    private const ushort FramesAtOnce = 200;

    private readonly IConnection _connection;
    private long _frames;

    private Drain(IConnection connection) => _connection = connection;

    /// <summary>Frames taken.</summary>
    public long Frames => Interlocked.Read(ref _frames);

    public static async Task<Drain> StartAsync(Uri broker, CancellationToken cancellation)
    {
        var connection = await new ConnectionFactory { Uri = broker, ClientProvidedName = "bench drain" }.CreateConnectionAsync(cancellation);
        var drain = new Drain(connection);
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await channel.BasicQosAsync(0, FramesAtOnce, global: false, cancellation);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            Interlocked.Increment(ref drain._frames);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, CancellationToken.None);
        };
        await channel.BasicConsumeAsync(BusTopology.Encryptor, autoAck: false, consumer, cancellation);
        return drain;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
