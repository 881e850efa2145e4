using Sotto.Dev.Running;
using Sotto.Ledger;

namespace Sotto.Dev.Chaos;

/// <summary>What the harm that was done explains, and what it does not: each thing only near it, and only what it touches.</summary>
internal sealed class Excuses
{
    // How late an end is noticed, and how long the broker takes to hand out again what was in hand.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(10);

    // What is shorter than this nobody notices: no time-out, no heartbeat.
    private const double NoticedSeconds = 8;
    private const int CopiesOfStorm = 5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    // Whatever is on its way arrives within this, parked or not; later by what holds it up.
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(60);

    // On a busy machine this may be over before anybody has looked.
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(3);

    // How long a message waits in a listener whose broker is there.
    private static readonly TimeSpan WaitsInListener = TimeSpan.FromSeconds(10);

    /// <summary>What listeners allow each other for taking over: AccountKeeper.LeavingTime.</summary>
    public static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(15);

    // When a node that was away is connected and told again.
    private static readonly TimeSpan NodeIsTold = TimeSpan.FromSeconds(60);

    // Providers with several senders. None of these knows what another has handed over: copies that wait in their queue ring twice, whenever they get out.
    private static readonly string[] Shared = [.. FaultPlan.Scale.Where(service => service.Value > 1).Select(service => Touches(service.Key)?.Provider).OfType<string>()];

    private readonly List<DoneFault> _faults;
    private readonly List<Ended> _ends;
    private readonly List<Stretch> _deaf;
    private readonly List<Stretch> _unsealing;
    private readonly List<DateTimeOffset> _brokerDeaths;

    public Excuses(Testimony seen)
    {
        _faults = [.. seen.Done.Where(done => done.Outcome != FaultOutcome.NotDone)];
        _ends = [.. seen.Ends];
        _deaf = [.. Deaf()];
        _unsealing = [.. Unsealing()];
        _brokerDeaths = [.. _faults.Where(done => done.Fault.Kind == FaultKind.BrokerKill && _ends.Exists(end => IsListener(end.Label) && end.At >= done.From - Before && end.At <= done.Until + After)).Select(done => done.From)];
    }

    /// <summary>What the broker had in the moment in which it was killed, and whose listener died before it could ask again: nobody ever had a confirm for that.</summary>
    public bool IsDoubtful(DateTimeOffset heardAt) => _brokerDeaths.Exists(death => heardAt >= death - Before && heardAt <= death + Before);

    /// <summary>
    /// Whether a message that was told then may never have been heard. One that was told to a listener which lived on undisturbed is as good as accepted: the listener has to keep it
    /// until the broker has it.
    /// </summary>
    public bool IsDeaf(DateTimeOffset at) => _deaf.Exists(stretch => stretch.Overlaps(at, at));

    /// <summary>Whether a push may have expired before the Encryptor could make it.</summary>
    public bool MayEndUnsealed(Acceptance acceptance) =>
        acceptance.ExpiresAt is { } end && (end - acceptance.At <= ShortLife || _unsealing.Exists(stretch => stretch.Overlaps(acceptance.At, end)));

    /// <summary>Whether what began at one time may still have been on its way at another: a minute, and as long as what held it up.</summary>
    public bool IsOnItsWay(DateTimeOffset since, DateTimeOffset at) =>
        at - since <= OnItsWay || at - since <= OnItsWay + _faults.Where(done => Lasts(done) && done.From <= at && done.Until >= since).Select(Length).DefaultIfEmpty().Max();

    /// <summary>By how much the clock of a provider's sender was ahead when it said what was heard then.</summary>
    public TimeSpan ClockAhead(string provider, DateTimeOffset at) => _faults
        .Where(done => done.Fault.Kind == FaultKind.ClockStep && Touches(done.Fault.Target)?.Provider == provider && done.From <= at && done.Until + After >= at)
        .Select(done => TimeSpan.FromSeconds(Math.Max(0, Harm.Number(done.Fault)))).DefaultIfEmpty().Max();

    /// <summary>Whether an attempt at this provider may have failed in this time, or found its queue closed: its sender pauses for up to a minute after it has failed.</summary>
    public bool MayHaveFailed(string provider, DateTimeOffset since, DateTimeOffset until) => _faults.Exists(done =>
        done.Fault.Kind is FaultKind.ProviderBusy or FaultKind.ProviderOutage or FaultKind.ProviderLostAnswer or FaultKind.ProviderSlow
        && done.Fault.Target == provider && done.From <= until && done.Until + OnItsWay >= since);

    /// <summary>Writes down what may come twice, and what may come late.</summary>
    public void Disturb(Books books)
    {
        foreach (var end in _ends.Where(end => !end.IsInGoodOrder))
        {
            if (Touches(end.Label) is { } whom)
                Disturb(books, end.At - Before, end.At + TimeSpan.FromSeconds(1), whom);
        }

        // A sender that has just started makes its connections and fetches its credentials between its look at the clock and the request.
        foreach (var end in _ends)
        {
            if (Touches(end.Label) is { Provider: { } sender })
                books.Delay(end.At, end.At + WarmUp, sender);
        }

        foreach (var done in _faults)
        {
            var fault = done.Fault;
            // A refusal or an answer that is lost keeps nobody waiting between clock and request; a slow answer takes the place of the next.
            if (fault.Kind is FaultKind.ProviderSlow)
                books.Delay(done.From - Before, done.Until + After, fault.Target);
            // Its look at the clock was before it stood still, or wrong.
            if (fault.Kind is FaultKind.Pause or FaultKind.ClockStep && Touches(fault.Target) is { } wrong)
                books.Delay(done.From - Before, done.Until + After, wrong.Provider);
            switch (fault.Kind)
            {
                case FaultKind.BrokerKill or FaultKind.BrokerRestart or FaultKind.BrokerDisconnect or FaultKind.DatabaseKill:
                    Disturb(books, done.From - Before, done.Until + After, new Scope(null));
                    break;
                case FaultKind.WireCut when Touches(fault.Target) is { } cut:
                    Disturb(books, done.From - Before, done.Until + After, cut);
                    break;
                case FaultKind.WireSwallow or FaultKind.Pause when fault.Seconds >= NoticedSeconds && Touches(fault.Target) is { } still:
                    Disturb(books, done.From - Before, done.Until + After, still);
                    break;
                // The connection that is closed takes the answers of others with it.
                case FaultKind.ProviderLostAnswer or FaultKind.ProviderOutage when fault.Detail is not ("503" or "500" or "400"):
                    books.Disturb(done.From - Before, done.Until + After, fault.Target, CopiesOfStorm);
                    break;
            }
        }
    }

    private static void Disturb(Books books, DateTimeOffset from, DateTimeOffset until, Scope whom)
    {
        foreach (var provider in ProviderWitness.Simulators.Where(provider => whom.Provider is null || whom.Provider == provider))
            books.Disturb(from, Shared.Contains(provider) ? until + OnItsWay : until, provider);
    }

    // When nobody may have heard: a listener ended, with all that waited in it since it could not reach the broker or did not run; or what makes a listener deaf lasted.
    private IEnumerable<Stretch> Deaf()
    {
        foreach (var end in _ends.Where(end => IsListener(end.Label)))
        {
            var heldUp = _faults.Where(done => Lasts(done) && (IsOfBroker(done) || done.Fault.Target == end.Label) && done.From <= end.At && done.Until + Length(done) + After >= end.At - WaitsInListener);
            // When nobody is left who could take over, it must first be back.
            var isAlone = _ends.Exists(other => other.Label != end.Label && IsListener(other.Label) && other.At <= end.At + TakeOver && other.BackAt + TakeOver >= end.At);
            yield return new Stretch(heldUp.Select(done => done.From).Append(end.At).Min() - WaitsInListener, (isAlone ? end.BackAt : end.At) + TakeOver);
        }

        foreach (var done in _faults.Where(done => Lasts(done) && (IsOfDatabase(done) || IsListener(done.Fault.Target) || SilencesSwarm(done))))
            yield return new Stretch(done.From - Before, done.Until + Length(done) + TakeOver);
    }

    // When the Encryptor may have come to nothing. Who found something away looks again after at most as long as it was.
    private IEnumerable<Stretch> Unsealing()
    {
        foreach (var end in _ends.Where(end => IsEncryptor(end.Label) || IsListener(end.Label)))
            yield return new Stretch(end.At - Before, end.BackAt + After);
        foreach (var done in _faults.Where(done => Lasts(done) && (IsOfBroker(done) || IsOfDatabase(done) || IsEncryptor(done.Fault.Target) || IsListener(done.Fault.Target))))
            yield return new Stretch(done.From - Before, done.Until + Length(done) + After);
    }

    // Every member of a swarm tells of each message: one that is away silences nobody, unless another is as well, or the swarms are no longer those of the beginning.
    private bool SilencesSwarm(DoneFault churn) =>
        churn.Fault.Kind == FaultKind.NodeChurn
        && (churn.Fault.Detail == "oxend-down" || MovesNodes(churn) || _faults.Exists(other =>
            !ReferenceEquals(other, churn) && other.Fault.Kind == FaultKind.NodeChurn && other.From <= churn.Until + NodeIsTold && (MovesNodes(other) || other.Until + NodeIsTold >= churn.From)));

    private static bool MovesNodes(DoneFault churn) => churn.Fault.Detail is "split" or "merge";

    // The ends of processes are known by themselves.
    private static bool Lasts(DoneFault done) => done.Fault.Kind is not (FaultKind.Kill or FaultKind.Terminate or FaultKind.CrashPoint);

    private static TimeSpan Length(DoneFault done) => done.Until - done.From;

    private static bool IsOfBroker(DoneFault done) =>
        done.Fault.Kind is FaultKind.BrokerKill or FaultKind.BrokerRestart or FaultKind.BrokerDisconnect or FaultKind.MemoryAlarm or FaultKind.DiskAlarm;

    private static bool IsOfDatabase(DoneFault done) => done.Fault.Kind is FaultKind.DatabaseKill or FaultKind.DatabaseFull;

    private static bool IsListener(string label) => label.StartsWith(ServiceCatalogue.Listener, StringComparison.Ordinal);

    private static bool IsEncryptor(string label) => label.StartsWith(ServiceCatalogue.Encryptor, StringComparison.Ordinal);

    // Whose pushes may come twice when this service breaks: its provider's, or everybody's; nobody's when there is a memory behind it that knows them again.
    private static Scope? Touches(string label) => label.Split('-')[0] switch
    {
        ServiceCatalogue.Encryptor => new Scope(null),
        ServiceCatalogue.Apns => new Scope(SimulatorCatalogue.Apns),
        ServiceCatalogue.Fcm => new Scope(SimulatorCatalogue.Fcm),
        ServiceCatalogue.Huawei => new Scope(SimulatorCatalogue.Hms),
        FaultPlan.WebPushSender => new Scope(SimulatorCatalogue.WebPush),
        _ => null,
    };

    // Null means all providers.
    private sealed record Scope(string? Provider);

    private readonly record struct Stretch(DateTimeOffset From, DateTimeOffset Until)
    {
        public bool Overlaps(DateTimeOffset since, DateTimeOffset until) => From <= until && Until >= since;
    }
}
