using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Cli.Checks;

/// <summary>One message on its way through the system, watched by queues of the command's own that are bound beside the consumers'.</summary>
internal sealed class TestTrip : IAsyncDisposable
{
    /// <summary>The last hop of a trip that went well.</summary>
    public const string Accepted = "taken by the provider";

    private const string Published = "published as a message that arrived";
    private const string Sealed = "sealed, and in the provider's queue";
    private const string Dead = "given up as a dead letter";
    private const string Expired = "expired";

    private const int EndsMax = 10_000;

    // The network keeps messages for days; the test is worth less.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    // The rungs that senders use unless they are told otherwise (Delivery:ParkingSeconds); others are not looked at.
    private static readonly TimeSpan[] ParkedFor = [.. ((int[])[1, 5, 15, 60, 300, 900, 1800, 3600]).Select(seconds => TimeSpan.FromSeconds(seconds))];

    private readonly TestTarget _target;
    private readonly IConnection _connection;
    private readonly IBusControl _bus;
    private readonly Channel<(string Exchange, JsonObject Item, long At)> _seen = Channel.CreateBounded<(string, JsonObject, long)>(10_000);

    private TestTrip(TestTarget target, IConnection connection, IBusControl bus) => (_target, _connection, _bus) = (target, connection, bus);

    /// <summary>Binds the queues; they go with the connection.</summary>
    public static async Task<TestTrip> BeginAsync(Uri broker, TestTarget target, CancellationToken cancellationToken)
    {
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(broker, host => host.ConnectionName("sotto send-test"));
            rabbit.DeployPublishTopology = false;
        });
        var connection = await new ConnectionFactory { Uri = broker, ClientProvidedName = "sotto send-test" }.CreateConnectionAsync(cancellationToken);
        var trip = new TestTrip(target, connection, bus);
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await BusTopology.DeclareAsync(channel, cancellationToken);
        await BusTopology.DeclarePushQueueAsync(channel, target.Provider, cancellationToken);
        foreach (var exchange in (string[])[Provider.PushQueue(target.Provider), BusTopology.PushAccepted, BusTopology.PushExpired, BusTopology.PushDeadLettered])
            await trip.WatchAsync(channel, exchange, cancellationToken);
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        starting.CancelAfter(StartTimeout);
        await bus.StartAsync(starting.Token);
        return trip;
    }

    /// <summary>What to look at when the trip ended before its goal: the broker knows who takes from which queue, and what is parked.</summary>
    public async Task<string> WhereItStoppedAsync(IReadOnlyList<TestHop> hops, CancellationToken cancellationToken) => hops[^1] switch
    {
        { Name: Published } => await LookAsync(BusTopology.Encryptor, cancellationToken) is { ConsumerCount: > 0 }
            ? "An Encryptor runs but sealed nothing for this device: it does not hold this subscription (sotto subscriptions replay tells it again), or has much to do; see its log."
            : "No Encryptor is running: nobody takes messages from its queue. This one waits there.",
        { Name: Sealed } when await LookAsync(Provider.PushQueue(_target.Provider), cancellationToken) is not { ConsumerCount: > 0 } =>
            $"No sender of {_target.Provider} is running, or it has paused: nobody takes pushes from its queue. This one waits there.",
        { Name: Sealed } when await CountParkedAsync(cancellationToken) is > 0 and var parked =>
            $"The provider cannot be reached, throttles, or fails: {parked} pushes of {_target.Provider} are parked for another attempt. See its sender's log.",
        { Name: Sealed } => $"The sender of {_target.Provider} runs and has not said what became of it: the provider does not answer, or many pushes wait before this one. See its sender's log.",
        { Name: Dead } hop => $"The sender of {_target.Provider} gave it up: {hop.Detail}.",
        var hop => $"It ended as: {hop.Name}.",
    };

    /// <summary>Publishes the message and follows it until the provider has it, or nothing more can come, or the time is over.</summary>
    public async Task<IReadOnlyList<TestHop>> RunAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var begun = clock.GetTimestamp();
        await PublishAsync(clock.GetUtcNow(), cancellationToken);
        var hops = new List<TestHop> { new(Published, clock.GetElapsedTime(begun).TotalMilliseconds, "") };
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(patience);
        string? pushId = null;
        // Queues are not heard in the order in which they were filled: an end may be heard of before its push.
        var ends = new Dictionary<string, (string Exchange, JsonObject Item, long At)>(StringComparer.Ordinal);
        try
        {
            await foreach (var (exchange, item, at) in _seen.Reader.ReadAllAsync(ending.Token))
            {
                if (item["pushId"]?.GetValue<string>() is not { } id)
                    continue;
                if (exchange != Provider.PushQueue(_target.Provider))
                {
                    if (ends.Count < EndsMax)
                        ends[id] = (exchange, item, at);
                }
                else if (pushId is null && IsOurs(item))
                {
                    pushId = id;
                    hops.Add(new TestHop(Sealed, Elapsed(at), $"push {pushId}"));
                }

                if (pushId is not null && ends.TryGetValue(pushId, out var end))
                {
                    hops.Add(End(end.Exchange, end.Item, Elapsed(end.At)));
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }

        return hops;
        double Elapsed(long at) => clock.GetElapsedTime(begun, at).TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await _bus.StopAsync(CancellationToken.None);
        await _connection.DisposeAsync();
    }

    private static TestHop End(string exchange, JsonObject item, double milliseconds) => exchange switch
    {
        BusTopology.PushAccepted => new(Accepted, milliseconds, $"after {item["attempts"]} attempts"),
        BusTopology.PushExpired => new(Expired, milliseconds, ""),
        _ => new(Dead, milliseconds, $"{item["outcome"]} {item["reason"]}"),
    };

    private async Task<long> CountParkedAsync(CancellationToken cancellationToken)
    {
        long parked = 0;
        foreach (var rung in ParkedFor)
            parked += (await LookAsync(BusTopology.ParkingQueue(_target.Provider, rung), cancellationToken))?.MessageCount ?? 0;
        return parked;
    }

    // A channel for each look: the broker closes it over a queue that is not there.
    private async Task<QueueDeclareOk?> LookAsync(string queue, CancellationToken cancellationToken)
    {
        try
        {
            await using var channel = await _connection.CreateChannelAsync(cancellationToken: cancellationToken);
            return await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
        }
        catch (OperationInterruptedException)
        {
            return null;
        }
    }

    // Another message may be on its way to the same device at this moment; then that one is followed, and tells the same.
    private bool IsOurs(JsonObject item) =>
        item["deviceId"]?.GetValue<string>() is { } text && Convert.FromBase64String(text).AsSpan().SequenceEqual(_target.DeviceId);

    private async Task PublishAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var message = new MessageArrived
        {
            Account = _target.Account,
            MessageHash = $"sotto-test-{Guid.NewGuid():N}",
            Namespace = _target.Namespace,
            StoredAtMilliseconds = now.ToUnixTimeMilliseconds(),
            ExpiresAtMilliseconds = (now + Lifetime).ToUnixTimeMilliseconds(),
            HeardAt = now,
        };
        var endpoint = await _bus.GetSendEndpoint(new Uri($"exchange:{BusTopology.MessageArrived}"));
        await endpoint.Send(new Frame<MessageArrived> { Items = [message] }, cancellationToken);
    }

    private async Task WatchAsync(IChannel channel, string exchange, CancellationToken cancellationToken)
    {
        var queue = await channel.QueueDeclareAsync(cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue.QueueName, exchange, routingKey: "", cancellationToken: cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var at = TimeProvider.System.GetTimestamp();
            foreach (var item in Items(delivery.BasicProperties.ContentType, delivery.Body.Span))
                _seen.Writer.TryWrite((exchange, item, at));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer, cancellationToken);
    }

    // Pushes may come in their compact form (FrameFormat); then they are made what they are in JSON.
    private static List<JsonObject> Items(string? contentType, ReadOnlySpan<byte> body)
    {
        try
        {
            var items = contentType == FrameCodec.ContentType
                ? JsonSerializer.SerializeToNode((FrameCodec.Read(body, out _) as Frame<EncryptedPush>)?.Items, JsonSerializerOptions.Web)
                : JsonNode.Parse(body)?["message"]?["items"];
            return items?.AsArray().OfType<JsonObject>().ToList() ?? [];
        }
        catch (Exception e) when (e is JsonException or SerializationException)
        {
            return [];
        }
    }
}
