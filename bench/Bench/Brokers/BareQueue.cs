using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Sotto.Hosting.Bus;

namespace Sotto.Bench.Brokers;

/// <summary>The broker with nothing of ours in the way: one quorum queue, persistent messages, publisher confirms, acknowledgements by hand.</summary>
internal static class BareQueue
{
    // Unconfirmed at a time, and fetched at a time: as large as still makes it faster.
    private const int WindowMax = 1_024;
    private const ushort Prefetch = 2_000;
    private const int AcknowledgedTogether = 50;
    private const string Queue = "bench.bare";

    /// <summary>Passes messages from a publisher to a consumer.</summary>
    /// <returns>Messages that were consumed and acknowledged, and the seconds that it took.</returns>
    public static async Task<(long Messages, double Seconds)> PassAsync(Uri address, byte[] body, TimeSpan time, CancellationToken cancellation)
    {
        var factory = new ConnectionFactory { Uri = address, AutomaticRecoveryEnabled = false };
        await using var publishing = await factory.CreateConnectionAsync(cancellation);
        await using var consuming = await factory.CreateConnectionAsync(cancellation);
        await using var publisher = await publishing.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        await using var consumer = await consuming.CreateChannelAsync(options: null, cancellation);
        var arguments = BusTopology.WorkQueueArguments.ToDictionary(argument => argument.Key, object? (argument) => argument.Value, StringComparer.Ordinal);
        await publisher.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellation);
        await consumer.BasicQosAsync(0, Prefetch, global: false, cancellation);

        var (consumed, published) = (0L, 0L);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var receiver = new AsyncEventingBasicConsumer(consumer);
        receiver.ReceivedAsync += async (_, delivery) =>
        {
            var count = Interlocked.Increment(ref consumed);
            var isLast = count == Interlocked.Read(ref published);
            if (count % AcknowledgedTogether == 0 || isLast)
                await consumer.BasicAckAsync(delivery.DeliveryTag, multiple: true, cancellation);
            if (isLast)
                all.TrySetResult();
        };
        await consumer.BasicConsumeAsync(Queue, autoAck: false, receiver, cancellation);

        var clock = Stopwatch.StartNew();
        var properties = new BasicProperties { Persistent = true };
        using var window = new SemaphoreSlim(WindowMax, WindowMax);
        var sent = 0L;
        Exception? failure = null;
        while (clock.Elapsed < time && failure is null)
        {
            await window.WaitAsync(cancellation);
            sent++;
            _ = PublishAsync();
        }

        for (var i = 0; i < WindowMax; i++)
            await window.WaitAsync(cancellation);
        if (failure is not null)
            throw new BenchException($"The broker did not take a message: {failure.Message}");
        Interlocked.Exchange(ref published, sent);
        if (Interlocked.Read(ref consumed) < sent)
            await all.Task.WaitAsync(TimeSpan.FromSeconds(60), cancellation);
        var seconds = clock.Elapsed.TotalSeconds;
        await consumer.QueueDeleteAsync(Queue, cancellationToken: cancellation);
        return (sent, seconds);

        async Task PublishAsync()
        {
            try
            {
                await publisher.BasicPublishAsync("", Queue, mandatory: true, properties, body, cancellation);
            }
            catch (RabbitMQClientException e)
            {
                failure = e;
            }
            finally
            {
                window.Release();
            }
        }
    }
}
