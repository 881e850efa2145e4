using System.Text.RegularExpressions;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Access;

/// <summary>What one service may touch: its own schema of the database, its own queues, and the exchanges that it publishes to. Nothing else.</summary>
/// <remarks>
/// The broker's rights are patterns over the names of exchanges and queues together. To declare a queue takes the right to configure it, to write to where it
/// dead-letters, and to read it; so a service that only publishes to another's queue must not declare it (<see cref="BusDeclaration.Given"/>).
/// </remarks>
public sealed record ServiceAccess
{
    private const string AnyProvider = "[a-z0-9-]+";

    /// <summary>The service's name, as its project is called.</summary>
    public required string Service { get; init; }

    /// <summary>The schema it owns; null for a service without a database.</summary>
    public string? Schema { get; init; }

    /// <summary>What it may declare and delete.</summary>
    public required string Configure { get; init; }

    /// <summary>What it may publish to.</summary>
    public required string Write { get; init; }

    /// <summary>What it may consume from.</summary>
    public required string Read { get; init; }

    /// <summary>The providers whose push queues it consumes; none unless it is a sender.</summary>
    public IReadOnlyList<string> Providers { get; init; } = [];

    /// <summary>Every service in this repository.</summary>
    public static IReadOnlyList<ServiceAccess> All { get; } =
    [
        Of("SubscriptionApi", "subscription_api",
            own: [Name(BusTopology.ApiInvalidatedTokens), Name(BusTopology.ApiStats), Name(BusTopology.ApiAnswers), Name(BusTopology.ApiAnswers) + @"\.[0-9a-f]{32}"],
            asks: [Name(Provider.ValidationQueue("")) + AnyProvider + @"\.requests"],
            publishes: [Name(BusTopology.SubscriptionChanged)]),
        Of("SwarmListener", "swarm_listener",
            own: [Name(BusTopology.ListenerSubscriptions)],
            publishes: [Name(BusTopology.MessageArrived)]),
        Of("Encryptor", "encryptor",
            own: [Name(BusTopology.EncryptorSubscriptions), Name(BusTopology.Encryptor)],
            publishes: [Name(BusTopology.SubscriptionReady), Name(Provider.PushQueue("")) + AnyProvider]),
        Of("DeadLetterKeeper", "dead_letters",
            own: [Name(BusTopology.DeadLetters)],
            reads: [Name(BusTopology.Poison)]),
        Sender("ApnsSender", Provider.Apns, Provider.ApnsSandbox),
        Sender("FcmSender", Provider.Firebase),
        Sender("HuaweiSender", Provider.Huawei),
        Sender("WebPushSender", Provider.WebPush),
        Sender("StubSender", Provider.Dummy),
    ];

    /// <summary>A sender of <paramref name="providers"/>: no database, and nothing of any other provider.</summary>
    public static ServiceAccess Sender(string service, params IReadOnlyList<string> providers) => Of(
        service,
        schema: null,
        own: [.. providers.SelectMany(provider => (string[])[Name(Provider.PushQueue(provider)) + @"(\.[A-Za-z0-9._-]+)?", Name(Provider.ValidationQueue(provider)) + @"(\.requests)?"])],
        asks: [Name(BusTopology.ApiAnswers)],
        publishes: [Name(BusTopology.PushAccepted), Name(BusTopology.PushExpired), Name(BusTopology.PushDeadLettered), Name(BusTopology.DeviceTokenInvalidated)]) with
    {
        Providers = providers,
    };

    // What the bus itself sends to, it declares first: service-stats, and what is asked. No queue bears one of those names.
    private static ServiceAccess Of(string service, string? schema, string[] own, string[]? asks = null, string[]? publishes = null, string[]? reads = null)
    {
        string[] declares = [.. own, Name(BusTopology.ServiceStats), .. asks ?? []];
        return new ServiceAccess
        {
            Service = service,
            Schema = schema,
            Configure = Pattern(declares),
            Write = Pattern([.. declares, Name(BusTopology.Poison), .. publishes ?? []]),
            Read = Pattern([.. own, .. reads ?? []]),
        };
    }

    private static string Name(string name) => Regex.Escape(name);

    private static string Pattern(string[] names) => $"^({string.Join('|', names)})$";
}
