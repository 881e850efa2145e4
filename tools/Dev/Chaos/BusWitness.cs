using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Sotto.LocalServers.RabbitMq;

namespace Sotto.Dev.Chaos;

/// <summary>
/// A queue of our own beside those of the consumers, in which every message of the bus lands that has to do with pushes: a witness, independent of the services, of what the
/// broker has taken. It lasts through restarts of the broker, and reads on when that is back. Each body is handed to <c>look</c> as it came; so is that of every other message, of
/// which the broker's tracer tells from when it is up again.
/// </summary>
internal sealed class BusWitness(Func<PrivateRabbitMq> broker, Crowd crowd, Action<string, ReadOnlySpan<byte>> look) : IAsyncDisposable
{
    private const string Queue = "chaos-witness";
    private const string Arrived = "message-arrived";
    private const string Expired = "push-expired";
    private const string Dead = "push-dead-lettered";
    private const string Tracer = "amq.rabbitmq.trace";
    private const string Published = "publish.";
    private const ushort Prefetch = 200;
    private static readonly string[] Providers = ["apns", "apns-sandbox", "firebase", "huawei", Browsers.Service];
    private static readonly string[] Witnessed = [Arrived, Expired, Dead, .. Providers.Select(provider => $"push.{provider}")];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _arrived = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, SealedPush> _sealed = [];
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _expired = [];
    private readonly ConcurrentDictionary<string, Device> _byDeviceId = new(StringComparer.Ordinal);
    private Task _loop = Task.CompletedTask;
    private long _unopened;

    /// <summary>When the broker had each message, by hash.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Messages => _arrived;

    /// <summary>What was sealed, by push id.</summary>
    public IReadOnlyDictionary<Guid, SealedPush> Pushes => _sealed;

    /// <summary>Pushes said to have expired.</summary>
    public IReadOnlyDictionary<Guid, DateTimeOffset> ExpiredPushes => _expired;

    /// <summary>Sealed pushes that no device of the run can open.</summary>
    public long Unopened => Interlocked.Read(ref _unopened);

    /// <summary>Begins, and returns when the queue is bound: what is published from then on is seen.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        _loop = Task.Run(RunAsync, CancellationToken.None);
        await _listening.Task.WaitAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await ListenAsync();
            }
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                // The broker is being restarted; what it keeps for us waits. At the first time it is not.
                _listening.TrySetException(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Pause, TimeProvider.System, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenAsync()
    {
        var factory = new ConnectionFactory { Uri = broker().Amqp, ClientProvidedName = "chaos witness", AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(_stopping.Token);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: _stopping.Token);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: _stopping.Token);
        foreach (var exchange in Witnessed)
        {
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: _stopping.Token);
            await channel.QueueBindAsync(Queue, exchange, routingKey: "", cancellationToken: _stopping.Token);
        }

        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, _) =>
        {
            ended.TrySetResult();
            return Task.CompletedTask;
        };
        await channel.BasicQosAsync(0, Prefetch, global: false, _stopping.Token);
        await ConsumeAsync(channel, Queue, delivery => Hear(delivery.Exchange, delivery.Body));
        await TraceAsync(channel);
        _listening.TrySetResult();
        await ended.Task.WaitAsync(_stopping.Token);
    }

    // What is published anywhere else. A queue bound to each exchange would take what has no receiver, and nobody would learn that it has none.
    private async Task TraceAsync(IChannel channel)
    {
        var queue = (await channel.QueueDeclareAsync(cancellationToken: _stopping.Token)).QueueName;
        await channel.QueueBindAsync(queue, Tracer, $"{Published}#", cancellationToken: _stopping.Token);
        await ConsumeAsync(channel, queue, delivery =>
        {
            if (delivery.RoutingKey[Published.Length..] is var exchange && !Witnessed.Contains(exchange))
                look(exchange, delivery.Body.Span);
        });
        var (status, answer) = await Management.AskAsync(broker().Management, HttpMethod.Put, "/api/vhosts/%2F", new JsonObject { ["tracing"] = true }, _stopping.Token);
        if (status is < 200 or >= 300)
            throw new DevException($"The broker does not trace: its management answered with {status}: {answer}");
    }

    private async Task ConsumeAsync(IChannel channel, string queue, Action<BasicDeliverEventArgs> hear)
    {
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            hear(delivery);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, _stopping.Token);
    }

    private void Hear(string exchange, ReadOnlyMemory<byte> body)
    {
        look(exchange, body.Span);
        var now = TimeProvider.System.GetUtcNow();
        using var document = JsonDocument.Parse(body);
        if (!document.RootElement.TryGetProperty("message", out var frame) || !frame.TryGetProperty("items", out var items))
            return;
        foreach (var item in items.EnumerateArray())
        {
            switch (exchange)
            {
                case Arrived:
                    _arrived.TryAdd(item.GetProperty("messageHash").GetString()!, now);
                    break;
                case Expired:
                    _expired.TryAdd(item.GetProperty("pushId").GetGuid(), now);
                    break;
                case Dead:
                    // Said is not kept: what became of them the keeper's table tells.
                    break;
                default:
                    HearPush(item, now);
                    break;
            }
        }
    }

    private void HearPush(JsonElement push, DateTimeOffset now)
    {
        var id = push.GetProperty("pushId").GetGuid();
        if (_sealed.ContainsKey(id))
            return;
        var deviceId = push.GetProperty("deviceId").GetString()!;
        var payload = push.GetProperty("payload").GetString()!;
        if (_byDeviceId.TryGetValue(deviceId, out var known) && known.Open(payload) is { } read)
        {
            _sealed.TryAdd(id, new SealedPush(known, read.Hash, now));
            return;
        }

        var service = push.GetProperty("provider").GetString();
        foreach (var device in crowd.Devices.Where(device => device.Service == service))
        {
            if (device.Open(payload) is not { } opened)
                continue;
            _byDeviceId[deviceId] = device;
            _sealed.TryAdd(id, new SealedPush(device, opened.Hash, now));
            return;
        }

        Interlocked.Increment(ref _unopened);
    }
}

/// <summary>A push as it went to its provider's queue.</summary>
/// <param name="Device">Who can open it.</param>
/// <param name="Message">The message's hash.</param>
/// <param name="At">When.</param>
internal sealed record SealedPush(Device Device, string Message, DateTimeOffset At);
