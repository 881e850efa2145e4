using System.Text.Json;
using Npgsql;
using Sotto.Dev.Running;
using Sotto.Ledger;

namespace Sotto.Dev.Chaos;

/// <summary>Writes the books of a run from what its witnesses saw.</summary>
internal sealed class ChaosBooks(ChaosWorld world, Crowd crowd, Storm storm, BusWitness bus, ProviderWitness providers, Supervisor supervisor, Harm harm)
{
    // A handover comes after the sender's look at the clock by as much as a busy machine takes.
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Haste = TimeSpan.FromSeconds(2);

    // How late an end is noticed, and how long the broker takes to hand out again what was in hand.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(10);

    // What is shorter than this nobody notices: no time-out, no heartbeat.
    private const double NoticedSeconds = 8;
    private const int CopiesOfStorm = 5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    // How long another instance takes to hear for all that one heard for, and how long a message may wait in one that then dies.
    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> _probes = new(StringComparer.Ordinal);

    /// <summary>Messages stored when all was calm again: everybody who counts on it must hear them.</summary>
    public void Probe(StoredMessage message) => _probes.Add(message.Hash);

    /// <summary>The verdict of what is known by now.</summary>
    public async Task<Verdict> JudgeAsync(IReadOnlyCollection<PushKey> waiting, CancellationToken cancellation)
    {
        var books = new Books();
        Promise(books);
        foreach (var ring in providers.Rings)
            books.Take(ring.Device?.Name ?? "stranger", ring.Message, ring.At, ring.Simulator, ring.AnswerLost);
        foreach (var key in waiting)
            books.End(key, EndingKind.Waiting);
        await EndAsync(books, cancellation);
        Disturb(books);
        var apart = harm.Done.Any(done => done.Fault.Kind == FaultKind.ClockStep) ? FaultPlan.ClockStepSecondsMax : 0;
        return LedgerChecker.Check(books, Lateness, Haste + TimeSpan.FromSeconds(apart));
    }

    private void Promise(Books books)
    {
        var (doubtful, calm) = (Doubtful(), Calm());
        foreach (var message in storm.Stored.Values)
        {
            var isProbe = _probes.Contains(message.Hash);
            var isHeard = bus.Messages.TryGetValue(message.Hash, out var heardAt);
            foreach (var device in crowd.For(message.Account, message.Namespace))
            {
                var key = new PushKey(device.Name, message.Hash);
                books.Permit(key);
                // Between the API's yes and the first message that must come lies the way to the Encryptor: for who comes late, only what is sent when all is calm is sure.
                var countedOnIt = device.SubscribedAt <= message.At && (device.Role != Role.Late || isProbe) && !(device.GoneFrom <= (isHeard ? heardAt : message.At));
                if (countedOnIt && (isProbe || (isHeard ? !doubtful(heardAt) : message.Copies > 0 && calm(message.At))))
                    books.Accept(key, isHeard ? heardAt : message.At, message.ExpiresAt);
            }
        }
    }

    // What the broker had in the moment in which it was killed, and whose listener died before it could ask again: nobody ever had a confirm for that.
    private Func<DateTimeOffset, bool> Doubtful()
    {
        var listeners = supervisor.Ends.Where(end => end.Label.StartsWith(ServiceCatalogue.Listener, StringComparison.Ordinal)).Select(end => end.At).ToList();
        var times = harm.Done.Where(done => done.Fault.Kind is FaultKind.BrokerKill && listeners.Exists(end => end >= done.From - Before && end <= done.Until + After)).Select(done => done.From).ToList();
        return heardAt => times.Exists(time => heardAt >= time - Before && heardAt <= time + Before);
    }

    // A message that was told to a listener which lived on undisturbed is as good as accepted: the listener has to keep it until the broker has it.
    private Func<DateTimeOffset, bool> Calm()
    {
        var ends = supervisor.Ends.Where(end => end.Label.StartsWith(ServiceCatalogue.Listener, StringComparison.Ordinal)).Select(end => (From: end.At, Until: end.At));
        var harmed = harm.Done
            .Where(done => done.Fault.Kind is FaultKind.NodeChurn or FaultKind.DatabaseKill or FaultKind.DatabaseFull || done.Fault.Target.StartsWith(ServiceCatalogue.Listener, StringComparison.Ordinal))
            .Select(done => (done.From, done.Until));
        var restless = ends.Concat(harmed).Select(time => (From: time.From - TakeOver, Until: time.Until + TakeOver)).ToList();
        return at => !restless.Exists(time => at >= time.From && at <= time.Until);
    }

    private async Task EndAsync(Books books, CancellationToken cancellation)
    {
        var now = TimeProvider.System.GetUtcNow();
        var sealedKeys = bus.Pushes.Values.Select(push => new PushKey(push.Device.Name, push.Message)).ToHashSet();
        foreach (var (key, acceptance) in books.Accepted)
        {
            // The Encryptor makes no push of what has expired; then there is none to tell of.
            if (acceptance.ExpiresAt <= now && !sealedKeys.Contains(key))
                books.End(key, EndingKind.Expired, "before it was sealed", now);
        }

        foreach (var device in crowd.Devices.Where(device => device.GoneFrom is not null))
        {
            foreach (var key in books.Accepted.Keys.Where(key => key.Device == device.Name))
                books.End(key, EndingKind.Superseded, "the device went");
        }

        foreach (var (id, at) in bus.ExpiredPushes)
            End(id, EndingKind.Expired, "", at);
        foreach (var (id, dead) in bus.DeadPushes)
            End(id, EndingKind.DeadLettered, dead.Outcome, dead.At);
        await EndPoisonAsync(books, cancellation);

        void End(Guid id, EndingKind kind, string reason, DateTimeOffset at)
        {
            if (bus.Pushes.TryGetValue(id, out var push))
                books.End(new PushKey(push.Device.Name, push.Message), kind, reason, at);
        }
    }

    // Frames that no consumer could take in the allowed number of deliveries: kept, with the broker's own reason.
    private async Task EndPoisonAsync(Books books, CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(world.ConnectionString);
        await using var command = database.CreateCommand("SELECT queue, reason, body FROM dead_letters.poison");
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            foreach (var key in Frames.Keys(row.GetFieldValue<byte[]>(2), storm, crowd, bus))
                books.End(key, EndingKind.DeadLettered, $"poison: {row.GetString(1)}", TimeProvider.System.GetUtcNow());
        }
    }

    private void Disturb(Books books)
    {
        foreach (var end in supervisor.Ends.Where(end => !end.IsInGoodOrder))
        {
            if (Touches(end.Label) is { } whom)
                books.Disturb(end.At - Before, end.At + TimeSpan.FromSeconds(1), whom.Provider);
        }

        // A sender that has just started makes its connections and fetches its credentials between its look at the clock and the request.
        foreach (var end in supervisor.Ends)
        {
            if (Touches(end.Label) is { Provider: { } sender })
                books.Delay(end.At, end.At + WarmUp, sender);
        }

        foreach (var done in harm.Done)
        {
            var fault = done.Fault;
            if (fault.Kind is FaultKind.ProviderOutage or FaultKind.ProviderLostAnswer or FaultKind.ProviderSlow)
                books.Delay(done.From - Before, done.Until + After, fault.Target);
            // Its look at the clock was before it stood still, or wrong.
            if (fault.Kind is FaultKind.Pause or FaultKind.ClockStep && Touches(fault.Target) is { } wrong)
                books.Delay(done.From - Before, done.Until + After, wrong.Provider);
            switch (fault.Kind)
            {
                case FaultKind.BrokerKill or FaultKind.BrokerRestart or FaultKind.BrokerDisconnect or FaultKind.DatabaseKill:
                    books.Disturb(done.From - Before, done.Until + After);
                    break;
                case FaultKind.WireCut when Touches(fault.Target) is { } cut:
                    books.Disturb(done.From - Before, done.Until + After, cut.Provider);
                    break;
                case FaultKind.WireSwallow or FaultKind.Pause when fault.Seconds >= NoticedSeconds && Touches(fault.Target) is { } still:
                    books.Disturb(done.From - Before, done.Until + After, still.Provider);
                    break;
                // The connection that is closed takes the answers of others with it.
                case FaultKind.ProviderLostAnswer or FaultKind.ProviderOutage when fault.Detail is not ("503" or "500" or "400"):
                    books.Disturb(done.From - Before, done.Until + After, fault.Target, CopiesOfStorm);
                    break;
            }
        }
    }

    // Whose pushes may come twice when this service breaks: its provider's, or everybody's; nobody's when there is a memory behind it that knows them again.
    private static Scope? Touches(string label) => label.Split('-')[0] switch
    {
        ServiceCatalogue.Encryptor => new Scope(null),
        ServiceCatalogue.Apns => new Scope(SimulatorCatalogue.Apns),
        ServiceCatalogue.Fcm => new Scope(SimulatorCatalogue.Fcm),
        ServiceCatalogue.Huawei => new Scope(SimulatorCatalogue.Hms),
        _ => null,
    };

    // Null means all providers.
    private sealed record Scope(string? Provider);
}

/// <summary>Reads the frames of the bus as a stranger does: as JSON.</summary>
internal static class Frames
{
    /// <summary>The pushes that a frame of messages or of pushes means; none for any other.</summary>
    public static IEnumerable<PushKey> Keys(byte[] body, Storm storm, Crowd crowd, BusWitness bus)
    {
        using var document = JsonDocument.Parse(body);
        var keys = new List<PushKey>();
        if (!document.RootElement.TryGetProperty("message", out var frame) || !frame.TryGetProperty("items", out var items))
            return keys;
        foreach (var item in items.EnumerateArray())
        {
            if (item.TryGetProperty("messageHash", out var hash) && storm.Stored.TryGetValue(hash.GetString()!, out var message))
                keys.AddRange(crowd.For(message.Account, message.Namespace).Select(device => new PushKey(device.Name, message.Hash)));
            else if (item.TryGetProperty("pushId", out var id) && bus.Pushes.TryGetValue(id.GetGuid(), out var push))
                keys.Add(new PushKey(push.Device.Name, push.Message));
        }

        return keys;
    }
}
