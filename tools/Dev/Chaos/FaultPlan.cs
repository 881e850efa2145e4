using Sotto.Dev.Running;

namespace Sotto.Dev.Chaos;

/// <summary>What can be done to a system.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL to a service, at whatever it does.</summary>
    Kill,

    /// <summary>A service dies at a named place.</summary>
    CrashPoint,

    /// <summary>SIGSTOP, and SIGCONT a while later.</summary>
    Pause,

    /// <summary>SIGTERM: a stop in good order, and a start.</summary>
    Terminate,

    /// <summary>The broker is stopped in good order and started.</summary>
    BrokerRestart,

    /// <summary>kill -9 of the broker.</summary>
    BrokerKill,

    /// <summary>The broker closes every connection.</summary>
    BrokerDisconnect,

    /// <summary>The broker is short of memory: publishers stand still.</summary>
    MemoryAlarm,

    /// <summary>The broker is short of disk: publishers stand still.</summary>
    DiskAlarm,

    /// <summary>kill -9 of the database.</summary>
    DatabaseKill,

    /// <summary>Somebody takes every connection that the database has left.</summary>
    DatabaseFull,

    /// <summary>One service loses its wires to broker and database.</summary>
    WireCut,

    /// <summary>Nothing passes between one service and the broker, and no connection ends.</summary>
    WireSwallow,

    /// <summary>One service is far away from the broker.</summary>
    WireSlow,

    /// <summary>A provider says that it is asked too often.</summary>
    ProviderBusy,

    /// <summary>A provider fails, is away, or does not answer.</summary>
    ProviderOutage,

    /// <summary>A provider takes pushes and its answers are lost.</summary>
    ProviderLostAnswer,

    /// <summary>A provider is slow.</summary>
    ProviderSlow,

    /// <summary>Service nodes restart, go, lie, change swarms.</summary>
    NodeChurn,

    /// <summary>A service's clock is set.</summary>
    ClockStep,
}

/// <summary>One thing that will be done.</summary>
/// <param name="At">When, as a part of the time in which harm is done, 0 to 1.</param>
/// <param name="Kind">What.</param>
/// <param name="Target">To whom: a service's label, a provider, a node.</param>
/// <param name="Detail">How: a crash point, an order for the simulator.</param>
/// <param name="Seconds">For how long, where it lasts.</param>
internal sealed record PlannedFault(double At, FaultKind Kind, string Target, string Detail, double Seconds);

/// <summary>All that will be done in a run: from a seed always the same.</summary>
internal static class FaultPlan
{
    /// <summary>The sender whose provider is every push service of browsers.</summary>
    public const string WebPushSender = "WebPushSender";

    /// <summary>The instances that a chaos system has; labels as in <see cref="RunningProgram.Label"/>.</summary>
    public static IReadOnlyDictionary<string, int> Scale { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [ServiceCatalogue.Listener] = 2,
        [ServiceCatalogue.Encryptor] = 2,
        [ServiceCatalogue.Fcm] = 2,
        [ServiceCatalogue.Keeper] = 1,
    };

    private static readonly (FaultKind Kind, int Weight)[] Weights =
    [
        (FaultKind.Kill, 14), (FaultKind.CrashPoint, 18), (FaultKind.Pause, 8), (FaultKind.Terminate, 6),
        (FaultKind.BrokerRestart, 2), (FaultKind.BrokerKill, 3), (FaultKind.BrokerDisconnect, 4), (FaultKind.MemoryAlarm, 2), (FaultKind.DiskAlarm, 2),
        (FaultKind.DatabaseKill, 3), (FaultKind.DatabaseFull, 2),
        (FaultKind.WireCut, 6), (FaultKind.WireSwallow, 3), (FaultKind.WireSlow, 4),
        (FaultKind.ProviderBusy, 4), (FaultKind.ProviderOutage, 4), (FaultKind.ProviderLostAnswer, 3), (FaultKind.ProviderSlow, 3),
        (FaultKind.NodeChurn, 6), (FaultKind.ClockStep, 3),
    ];

    private static readonly string[] Senders = [ServiceCatalogue.Apns, ServiceCatalogue.Fcm, ServiceCatalogue.Huawei, WebPushSender];
    private static readonly string[] Outages = ["503", "500", "400", "close", "reset", "refuse", "html", "empty", "garbage"];

    // A push service says yes by its status alone: noise under a 200 would be a lie, and no outage.
    private static readonly string[] OutagesOfPushServices = [.. Outages.Where(outage => outage != "garbage")];
    private static readonly string[] EveryConsumer = ["bus.after-receive", "bus.before-ack", "bus.after-ack", "publisher.before-send", "publisher.before-confirm", "publisher.after-confirm"];
    private static readonly string[] EverySender = ["sender.before-write", "sender.before-answer", "sender.after-answer", .. EveryConsumer];

    /// <summary>The crash points of each service: those that it passes.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> CrashPoints { get; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
    {
        [ServiceCatalogue.Api] = ["subscribe.before-commit", "subscribe.after-commit", "outbox.before-publish", "outbox.after-publish", "outbox.before-commit", "outbox.after-commit"],
        [ServiceCatalogue.Listener] = ["listener.before-commit", "listener.after-commit", "hand-over.before-publish", "hand-over.after-confirm", .. EveryConsumer],
        [ServiceCatalogue.Encryptor] =
        [
            "encryptor.subscriptions-applied", "encryptor.subscriptions-ready", "encryptor.after-claim", "encryptor.before-publish", "encryptor.before-commit",
            "encryptor.after-commit", .. EveryConsumer,
        ],
        [ServiceCatalogue.Apns] = EverySender,
        [ServiceCatalogue.Fcm] = EverySender,
        [ServiceCatalogue.Huawei] = EverySender,
        [WebPushSender] = EverySender,
        [ServiceCatalogue.Keeper] = ["keeper.before-commit", "keeper.after-commit", "bus.before-ack", "bus.after-ack"],
    };

    /// <summary>Labels of every instance, the more important ones more than once.</summary>
    public static IReadOnlyList<string> Instances { get; } =
    [
        ServiceCatalogue.Api, ServiceCatalogue.Listener, $"{ServiceCatalogue.Listener}-2", ServiceCatalogue.Encryptor, $"{ServiceCatalogue.Encryptor}-2",
        .. Senders, $"{ServiceCatalogue.Fcm}-2", ServiceCatalogue.Keeper,
    ];

    /// <summary>The plan of a seed.</summary>
    public static IReadOnlyList<PlannedFault> Make(int seed, int count, IReadOnlyList<FaultKind> only)
    {
        var random = new Random(seed);
        var weights = only.Count == 0 ? Weights : [.. Weights.Where(weight => only.Contains(weight.Kind))];
        var plan = new List<PlannedFault>();
        for (var i = 0; i < count; i++)
        {
            // Evenly, with some crowding: every third comes close to the one before.
            var at = (i + (i % 3 == 2 ? -0.8 : random.NextDouble() * 0.5)) / Math.Max(1, count);
            var fault = Choose(random, Math.Clamp(at, 0, 1), Pick(random, weights));
            // Whoever asks for one kind alone wants to see it done to everyone.
            plan.Add(only is [FaultKind.Kill or FaultKind.Terminate] ? fault with { Target = Instances[i % Instances.Count] } : fault);
        }

        return [.. plan.OrderBy(fault => fault.At)];
    }

    private static PlannedFault Choose(Random random, double at, FaultKind kind)
    {
        var seconds = 1 + random.NextDouble() * 5;
        switch (kind)
        {
            case FaultKind.CrashPoint:
                var victim = Any(random, Instances);
                // Most passes are early, so that the process does die; some come when it is warm.
                var pass = random.Next(3) == 0 ? random.Next(20, 200) : random.Next(1, 12);
                return new PlannedFault(at, kind, victim, $"{Any(random, CrashPoints[victim.Split('-')[0]])}@{pass}", seconds);
            case FaultKind.Pause:
                // One in six is longer than the broker waits for a sign of life.
                return new PlannedFault(at, kind, Any(random, Instances), "", random.Next(6) == 0 ? 35 : seconds * 1.5);
            case FaultKind.Kill or FaultKind.Terminate:
                return new PlannedFault(at, kind, Any(random, Instances), "", 0);
            case FaultKind.WireCut or FaultKind.WireSlow:
                return new PlannedFault(at, kind, Any(random, Instances), kind == FaultKind.WireSlow ? $"{random.Next(20, 400)}" : "", seconds);
            case FaultKind.WireSwallow:
                return new PlannedFault(at, kind, Any(random, Instances), "", random.Next(4) == 0 ? 40 : seconds);
            case FaultKind.ClockStep:
                return new PlannedFault(at, kind, Any(random, Instances), $"{random.Next(-ClockStepSecondsMax, ClockStepSecondsMax + 1)}", 10 + seconds);
            case FaultKind.ProviderBusy:
                return new PlannedFault(at, kind, Any(random, ProviderWitness.Simulators), $"{random.Next(1, 4)}", seconds);
            case FaultKind.ProviderOutage:
                var provider = Any(random, ProviderWitness.Simulators);
                return new PlannedFault(at, kind, provider, Any(random, provider == SimulatorCatalogue.WebPush ? OutagesOfPushServices : Outages), seconds);
            case FaultKind.ProviderLostAnswer:
                return new PlannedFault(at, kind, Any(random, ProviderWitness.Simulators), $"{random.Next(1, 20)}", seconds);
            case FaultKind.ProviderSlow:
                return new PlannedFault(at, kind, Any(random, ProviderWitness.Simulators), $"{random.Next(100, 1500)}", seconds);
            case FaultKind.NodeChurn:
                return new PlannedFault(at, kind, $"{random.Next(NodesMax)}", Any(random, ["restart", "down", "silence", "drop", "delay", "hide-address", "split", "merge", "lie", "oxend-down"]), seconds);
            case FaultKind.MemoryAlarm or FaultKind.DiskAlarm or FaultKind.DatabaseFull:
                return new PlannedFault(at, kind, kind == FaultKind.DatabaseFull ? "PostgreSQL" : "RabbitMQ", "", 2 + seconds);
            default:
                return new PlannedFault(at, kind, kind == FaultKind.DatabaseKill ? "PostgreSQL" : "RabbitMQ", "", 0);
        }
    }

    /// <summary>By how much a clock is set at most.</summary>
    public const int ClockStepSecondsMax = 60;

    /// <summary>Nodes of the simulated network.</summary>
    public const int NodesMax = 8;

    private static FaultKind Pick(Random random, IReadOnlyList<(FaultKind Kind, int Weight)> weights)
    {
        var drawn = random.Next(weights.Sum(weight => weight.Weight));
        foreach (var (kind, weight) in weights)
        {
            if ((drawn -= weight) < 0)
                return kind;
        }

        return weights[^1].Kind;
    }

    private static T Any<T>(Random random, IReadOnlyList<T> choice) => choice[random.Next(choice.Count)];
}
