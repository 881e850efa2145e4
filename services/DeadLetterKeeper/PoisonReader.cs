using DeadLetterKeeper.Storage;
using RabbitMQ.Client;
using Sotto.Hosting;
using Sotto.Hosting.Bus;

namespace DeadLetterKeeper;

/// <summary>Moves messages that no consumer could take from the broker into the table, as the bytes that they are: nothing here tries to understand them.</summary>
internal sealed class PoisonReader(Broker broker, DeadLetterStore store, TimeProvider clock, ILogger<PoisonReader> logger) : BackgroundService
{
    /// <summary>How often the queue is looked at. It is empty, unless something is wrong.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await broker.WithChannelAsync(channel => DrainAsync(channel, stoppingToken), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            // Whatever went wrong, the messages are still there.
            catch (Exception e)
            {
                logger.PoisonNotRead(e.GetType().Name, Pause);
            }

            await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DrainAsync(IChannel channel, CancellationToken cancellationToken)
    {
        while (await channel.BasicGetAsync(BusTopology.Poison, autoAck: false, cancellationToken) is { } message)
        {
            var headers = Texts(message.BasicProperties.Headers);
            var death = LatestDeath(message.BasicProperties.Headers);
            var queue = headers.GetValueOrDefault(PoisonPublisher.QueueHeader) ?? death.GetValueOrDefault("queue") ?? PoisonMessage.Unknown;
            var reason = headers.GetValueOrDefault(PoisonPublisher.ReasonHeader)
                ?? $"{death.GetValueOrDefault("reason") ?? PoisonMessage.Unknown}: {PoisonDiagnosis.Of(message.Body)}";
            var kept = new PoisonMessage(queue, reason, headers, message.Body) { ContentType = WithoutNul(message.BasicProperties.ContentType), MessageId = WithoutNul(message.BasicProperties.MessageId) };
            await KeepAsync(kept, channel, cancellationToken);
            CrashPoint.Pass("poison.before-ack");
            logger.PoisonKept(queue);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
        }
    }

    // The message stays in hand meanwhile: each time that it went back would count, and there are brokers that drop what went back too often.
    private async Task KeepAsync(PoisonMessage message, IChannel channel, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await store.KeepPoisonAsync(message, cancellationToken);
                return;
            }
            // Once the channel has ended the broker gives the message to somebody else.
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && channel.IsOpen)
            {
                logger.PoisonNotRead(e.GetType().Name, Pause);
                await Task.Delay(Pause, clock, cancellationToken);
                if (!channel.IsOpen)
                    throw;
            }
        }
    }

    // What was parked before has died before, of its time.
    private static Dictionary<string, string> LatestDeath(IDictionary<string, object?>? headers) =>
        headers is not null && headers.TryGetValue("x-death", out var deaths) && deaths is IList<object?> and [IDictionary<string, object?> latest, ..] ? Texts(latest) : [];

    private static string? WithoutNul(string? text) => text?.Replace("\0", "", StringComparison.Ordinal);

    // Only text: the broker's own tables say the same once more.
    private static Dictionary<string, string> Texts(IDictionary<string, object?>? headers)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in headers ?? new Dictionary<string, object?>(StringComparer.Ordinal))
        {
            // PostgreSQL takes no NUL in its JSON.
            if (value is byte[] bytes && !bytes.Contains((byte)0))
                texts[name] = System.Text.Encoding.UTF8.GetString(bytes);
        }

        return texts;
    }
}
