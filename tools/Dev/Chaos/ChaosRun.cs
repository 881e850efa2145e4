using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using RabbitMQ.Client;
using Sotto.Dev.Running;
using Sotto.Ledger;

namespace Sotto.Dev.Chaos;

/// <summary>One run: start everything, let it rain, do harm, let it come to rest, read the books, look for secrets.</summary>
internal sealed class ChaosRun(ChaosOptions options, Action<string> say)
{
    private static readonly TimeSpan ReportPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RestPatienceMin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RestPatienceMax = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    // A copy that nobody stopped would follow within this time.
    private static readonly TimeSpan CopyWatch = TimeSpan.FromSeconds(3);

    // What the last messages and looking for secrets take of the time that there is.
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(60);
    private const double PushesASecondMax = 600;
    private const double SecondsForFault = 3;
    private static readonly TimeSpan RainMin = TimeSpan.FromSeconds(30);
    private static readonly string[] QueuesOfPushes = ["encryptor", "push.", "dead-letters", "poison"];

    private TimeSpan RestPatience => TimeSpan.FromSeconds(Math.Clamp(options.TimeMax.TotalSeconds / 4, RestPatienceMin.TotalSeconds, RestPatienceMax.TotalSeconds));

    private readonly long _begun = TimeProvider.System.GetTimestamp();
    private readonly List<string> _troubles = [];

    public async Task<ChaosReport> RunAsync(CancellationToken cancellation)
    {
        var crowd = Crowd.Make(options.Seed, options.Pushes);
        var plan = FaultPlan.Make(options.Seed, options.Faults, options.Only);
        say("Starting broker, database, simulators and services ...");
        await using var world = await ChaosWorld.StartAsync(options, say, cancellation);
        await Browsers.SubscribeAsync(world, crowd, cancellation);
        var hunt = options.Scan ? new LeakHunt(crowd) : null;
        await using var supervisor = new Supervisor(world.System);
        await using var bus = new BusWitness(() => world.Broker, crowd, (exchange, body) => hunt?.Look(exchange, body));
        await bus.StartAsync(cancellation);
        await using var providers = new ProviderWitness(world, crowd);
        providers.Start();
        using var storm = new Storm(world, crowd, options);
        using var harm = new Harm(world, supervisor);
        var keeper = new KeeperWitness(world);
        var seen = new Testimony
        {
            Crowd = crowd,
            Stored = storm.Stored,
            Heard = bus.Messages,
            Pushes = bus.Pushes,
            ExpiredPushes = bus.ExpiredPushes,
            Rings = providers.Rings,
            Refused = providers.Refused,
            Ends = supervisor.Ends,
            Done = harm.Done,
        };
        var books = new ChaosBooks(seen);

        await storm.GatherAsync(cancellation);
        // One message for everybody, so that what follows meets a system that is warm, and that is known to work.
        await ProbeAsync(storm, crowd, books, providers, cancellation);
        say($"{crowd.Devices.Count(device => device.SubscribedAt is not null)} devices of {crowd.Accounts.Count} accounts are subscribed.");
        await WorkAsync(storm, harm, plan, supervisor, providers, bus, cancellation);
        var calm = TimeProvider.System.GetTimestamp();
        say("The last fault is undone; everything must come to rest by itself ...");
        await RestAsync(books, keeper, RestPatience, cancellation);
        await StandAsync(supervisor, cancellation);
        await ProbeAsync(storm, crowd, books, providers, cancellation);
        var drained = TimeProvider.System.GetElapsedTime(calm);
        await Task.Delay(CopyWatch, TimeProvider.System, cancellation);

        var waiting = await WaitingAsync(world, seen, cancellation);
        var kept = await keeper.ReadAsync(cancellation);
        var verdict = books.Judge(waiting, kept);
        _troubles.AddRange(Inquest.Of(seen, kept));
        if (bus.Unopened > 0)
            _troubles.Add($"{bus.Unopened} sealed pushes cannot be opened by any device.");
        if (hunt is not null)
        {
            say("Looking for secrets ...");
            await hunt.LookAroundAsync(world, cancellation);
        }

        return new ChaosReport
        {
            Options = options,
            Verdict = verdict,
            Done = harm.Done,
            Ends = supervisor.Ends,
            Leaks = hunt,
            Drained = drained,
            Took = TimeProvider.System.GetElapsedTime(_begun),
            Tell = seen.Tell,
            Troubles = _troubles,
        };
    }

    private async Task WorkAsync(
        Storm storm, Harm harm, IReadOnlyList<PlannedFault> plan, Supervisor supervisor, ProviderWitness providers, BusWitness bus, CancellationToken cancellation)
    {
        var room = options.TimeMax - TimeProvider.System.GetElapsedTime(_begun) - RestPatience - Around;
        var wanted = TimeSpan.FromSeconds(Math.Max(options.Pushes / PushesASecondMax, options.Faults * SecondsForFault));
        var time = wanted < room ? wanted : room;
        if (time < RainMin)
            time = RainMin;
        say(string.Create(CultureInfo.InvariantCulture, $"{options.Pushes:N0} pushes and {plan.Count} faults in {time.TotalSeconds:0} s ..."));
        // By the average of what was told: who was told of what is worked out when the books are read.
        long Accepted() => storm.Stored.Count == 0 ? 0 : (long)bus.Messages.Count * storm.Pushes / storm.Stored.Count;
        var rain = storm.RainAsync(time, Accepted, cancellation);
        var work = Task.WhenAll(rain, harm.DoAsync(plan, time, cancellation));
        while (await Task.WhenAny(work, Task.Delay(ReportPause, TimeProvider.System, cancellation)) != work)
        {
            cancellation.ThrowIfCancellationRequested();
            say(string.Create(
                CultureInfo.InvariantCulture,
                $"{storm.Pushes:N0} pushes told of, {bus.Messages.Count:N0} messages accepted, {providers.Distinct:N0} pushes delivered; {harm.Done.Count(done => done.Outcome == FaultOutcome.Done)} faults done, {supervisor.Alive} services up; now {harm.Present}"));
        }

        await work;
        if (storm.AskedInVain > 0)
            _troubles.Add($"{storm.AskedInVain} devices asked in vain until the end.");
    }

    private async Task RestAsync(ChaosBooks books, KeeperWitness keeper, TimeSpan patience, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var open = books.Judge([], await keeper.ReadAsync(cancellation)).Lost;
            if (open == 0)
                return;
            if (TimeProvider.System.GetElapsedTime(begun) > patience)
            {
                _troubles.Add(string.Create(CultureInfo.InvariantCulture, $"{open} pushes had not come to an end {patience.TotalSeconds:0} s after the last fault."));
                return;
            }

            await Task.Delay(Look, TimeProvider.System, cancellation);
        }
    }

    // What was ended last is back, and whoever listened for it has been relieved: from here on nothing may be missed.
    private async Task StandAsync(Supervisor supervisor, CancellationToken cancellation)
    {
        bool Stands() => supervisor.Ends.All(end => TimeProvider.System.GetUtcNow() > end.BackAt + Excuses.TakeOver);
        if (!await LocalServers.Processes.Polling.UntilAsync(Stands, RestPatience, cancellation))
            _troubles.Add(string.Create(CultureInfo.InvariantCulture, $"Not every service was back {RestPatience.TotalSeconds:0} s after the last fault."));
    }

    // Whoever was told "subscribed", before, during or after what was done, hears of one more message.
    private async Task ProbeAsync(Storm storm, Crowd crowd, ChaosBooks books, ProviderWitness providers, CancellationToken cancellation)
    {
        if (!await storm.HeardAsync(cancellation))
            _troubles.Add("No service node was asked about some account, although somebody is subscribed for it.");
        var probes = new List<StoredMessage>();
        foreach (var account in crowd.ByAccount.Where(account => account.Any(device => device.CountsOnIt)))
        {
            if (await storm.StoreAsync(account.Key, 0, Encoding.UTF8.GetBytes("probe"), life: null, cancellation) is { } message)
            {
                books.Probe(message);
                probes.Add(message);
            }
        }

        bool HasCome(StoredMessage probe) => crowd.For(probe.Account, probe.Namespace).Where(device => device.CountsOnIt).All(device => providers.HasReached(device, probe.Hash));
        await LocalServers.Processes.Polling.UntilAsync(() => probes.TrueForAll(HasCome), ProbePatience, cancellation);
    }

    // What is in the queues when the books are closed; put back, but the broker counts that.
    private static async Task<IReadOnlyCollection<PushKey>> WaitingAsync(ChaosWorld world, Testimony seen, CancellationToken cancellation)
    {
        var keys = new List<PushKey>();
        var (status, body) = await Management.AskAsync(world.Broker.Management, HttpMethod.Get, "/api/queues", order: null, cancellation);
        if (status != 200)
            throw new DevException($"The broker's management answered with {status}.");
        await using var connection = await new ConnectionFactory { Uri = world.Broker.Amqp }.CreateConnectionAsync(cancellation);
        foreach (var queue in JsonNode.Parse(body)!.AsArray().Select(queue => queue!["name"]!.GetValue<string>()).Where(name => Array.Exists(QueuesOfPushes, prefix => name.StartsWith(prefix, StringComparison.Ordinal))))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
            while (await channel.BasicGetAsync(queue, autoAck: false, cancellation) is { } message)
                keys.AddRange(Frames.Keys(message.Body.ToArray(), seen));
        }

        return keys;
    }
}
