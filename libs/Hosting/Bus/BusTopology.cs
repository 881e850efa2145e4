using RabbitMQ.Client;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>Every exchange and queue that more than one service must agree on, and the one place that declares them.</summary>
/// <remarks>
/// Each producer and each consumer declares what it touches before it starts, with the same arguments, so that a message for
/// a consumer that has never run waits in its queue. A changed argument needs a new queue name: the broker refuses a redeclaration.
/// </remarks>
public static class BusTopology
{
    /// <summary>Exchange of <see cref="SubscriptionChanged"/> frames.</summary>
    public const string SubscriptionChanged = "subscription-changed";

    /// <summary>
    /// Exchange of <see cref="Contracts.SubscriptionChanged"/> frames that the Encryptor has applied and says again. Who listens for messages
    /// listens here, so that no message is heard before there is a key to seal it with.
    /// </summary>
    public const string SubscriptionReady = "subscription-ready";

    /// <summary>Exchange of <see cref="Contracts.MessageArrived"/> frames.</summary>
    public const string MessageArrived = "message-arrived";

    /// <summary>Exchange of <see cref="Contracts.PushAccepted"/> frames; nobody need listen.</summary>
    public const string PushAccepted = "push-accepted";

    /// <summary>Exchange of <see cref="Contracts.PushExpired"/> frames; nobody need listen.</summary>
    public const string PushExpired = "push-expired";

    /// <summary>Exchange of <see cref="Contracts.PushDeadLettered"/> frames.</summary>
    public const string PushDeadLettered = "push-dead-lettered";

    /// <summary>Exchange of <see cref="Contracts.DeviceTokenInvalidated"/> frames.</summary>
    public const string DeviceTokenInvalidated = "device-token-invalidated";

    /// <summary>Queue of the SwarmListener: which accounts to monitor.</summary>
    public const string ListenerSubscriptions = "swarm-listener.subscriptions";

    /// <summary>Queue of the Encryptor: which devices to seal for.</summary>
    public const string EncryptorSubscriptions = "encryptor.subscriptions";

    /// <summary>Queue of the Encryptor: messages to match and seal.</summary>
    public const string Encryptor = "encryptor";

    /// <summary>Queue of the SubscriptionApi: device tokens that died.</summary>
    public const string ApiInvalidatedTokens = "subscription-api.invalidated-tokens";

    /// <summary>Exchange of <see cref="Contracts.ServiceStats"/>.</summary>
    public const string ServiceStats = "service-stats";

    /// <summary>Queue of the SubscriptionApi: what all instances have counted.</summary>
    public const string ApiStats = "subscription-api.stats";

    /// <summary>
    /// Direct exchange of <see cref="DeviceTokenValidated"/>: the routing key names the instance that asked. It stays when an instance goes, so that an
    /// answer that nobody waits for is dropped.
    /// </summary>
    public const string ApiAnswers = "subscription-api.answers";

    /// <summary>Where pushes wait that no sender can do more for, each with its reason.</summary>
    public const string DeadLetters = "dead-letters";

    /// <summary>Exchange and queue of bus messages that no consumer could take, see <see cref="DeliveryLimit"/>.</summary>
    public const string Poison = "poison";

    /// <summary>How often the broker hands a message out again before it is poison. It counts unhandled errors, and consumers that died or lost their connection with the message in hand.</summary>
    public const int DeliveryLimit = 5;

    private static readonly (string Exchange, string Queue)[] Routes =
    [
        (SubscriptionReady, ListenerSubscriptions),
        (SubscriptionChanged, EncryptorSubscriptions),
        (MessageArrived, Encryptor),
        (DeviceTokenInvalidated, ApiInvalidatedTokens),
        (PushDeadLettered, DeadLetters),
    ];

    private static readonly string[] Events = [PushAccepted, PushExpired, ServiceStats, .. Routes.Select(route => route.Exchange).Distinct(StringComparer.Ordinal)];

    /// <summary>The arguments of every work queue. At-least-once dead-lettering demands that a full queue refuses rather than drops.</summary>
    public static IReadOnlyDictionary<string, object?> WorkQueueArguments { get; } = new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = DeliveryLimit,
        ["x-dead-letter-exchange"] = Poison,
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
    };

    /// <summary>The arguments of <see cref="ApiStats"/>. A report is followed by a newer one that says it all again: old ones may go.</summary>
    public static IReadOnlyDictionary<string, object?> StatsQueueArguments { get; } = new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["x-max-length"] = 1_000,
        ["x-overflow"] = "drop-head",
        ["x-message-ttl"] = 60_000,
    };

    /// <summary>Declares everything that does not depend on a provider. Idempotent.</summary>
    public static async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        var plainQuorum = new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };
        await DeclareQueueAsync(channel, Poison, plainQuorum, cancellationToken);
        foreach (var exchange in Events)
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);

        await channel.ExchangeDeclareAsync(ApiAnswers, ExchangeType.Direct, durable: true, cancellationToken: cancellationToken);
        await DeclareQueueAsync(channel, ApiStats, StatsQueueArguments, cancellationToken);
        await channel.ExchangeBindAsync(ApiStats, ServiceStats, routingKey: "", cancellationToken: cancellationToken);
        foreach (var (exchange, queue) in Routes)
        {
            await DeclareQueueAsync(channel, queue, WorkQueueArguments, cancellationToken);
            await channel.ExchangeBindAsync(queue, exchange, routingKey: "", cancellationToken: cancellationToken);
        }
    }

    /// <summary>Looks whether all is there that <see cref="DeclareAsync"/> declares. It needs no right to anything.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.OperationInterruptedException">Something is not; the channel has ended, and the exception names it.</exception>
    public static async Task LookAsync(IChannel channel, CancellationToken cancellationToken)
    {
        // Each queue has an exchange of its name in front of it, declared before it.
        foreach (var exchange in (string[])[.. Events, ApiAnswers, Poison, ApiStats, .. Routes.Select(route => route.Queue)])
            await channel.ExchangeDeclarePassiveAsync(exchange, cancellationToken);
    }

    /// <summary>Declares the queue where the pushes of one provider wait. Idempotent.</summary>
    public static Task DeclarePushQueueAsync(IChannel channel, string provider, CancellationToken cancellationToken) =>
        DeclareQueueAsync(channel, Provider.PushQueue(provider), WorkQueueArguments, cancellationToken);

    /// <summary>
    /// Declares a queue where pushes of one provider wait for <paramref name="delay"/> and then return to its push queue. Idempotent.
    /// One queue for each delay: a shorter wait would queue up behind a longer one.
    /// </summary>
    public static Task DeclareParkingQueueAsync(IChannel channel, string provider, TimeSpan delay, CancellationToken cancellationToken) =>
        DeclareQueueAsync(
            channel,
            ParkingQueue(provider, delay),
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["x-queue-type"] = "quorum",
                ["x-message-ttl"] = (long)delay.TotalMilliseconds,
                ["x-dead-letter-exchange"] = Provider.PushQueue(provider),
                ["x-dead-letter-strategy"] = "at-least-once",
                ["x-overflow"] = "reject-publish",
            },
            cancellationToken);

    /// <summary>The queue, and the exchange of the same name, where pushes of one provider wait for <paramref name="delay"/> (whole seconds).</summary>
    public static string ParkingQueue(string provider, TimeSpan delay) => $"{Provider.PushQueue(provider)}.park.{(int)delay.TotalSeconds}s";

    /// <summary>
    /// Declares the queue where pushes of one app wait while the provider takes none of them, when other apps share the push queue. Idempotent.
    /// </summary>
    public static Task DeclareHoldingQueueAsync(IChannel channel, string provider, string app, CancellationToken cancellationToken) =>
        DeclareQueueAsync(channel, HoldingQueue(provider, app), WorkQueueArguments, cancellationToken);

    /// <summary>The queue, and the exchange of the same name, where pushes of one app wait for their turn.</summary>
    public static string HoldingQueue(string provider, string app) => $"{Provider.PushQueue(provider)}.app.{app}";

    // A queue, and a fanout exchange of the same name in front of it: the shape that MassTransit gives its endpoints.
    private static async Task DeclareQueueAsync(
        IChannel channel, string queue, IReadOnlyDictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        await channel.ExchangeDeclareAsync(queue, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(
            queue,
            durable: true,
            exclusive: false,
            autoDelete: false,
            arguments: arguments.ToDictionary(argument => argument.Key, argument => argument.Value, StringComparer.Ordinal),
            cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue, queue, routingKey: "", cancellationToken: cancellationToken);
    }
}
