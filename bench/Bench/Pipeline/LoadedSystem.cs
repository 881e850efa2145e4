using System.Text;
using Sotto.Bench.Measuring;
using Sotto.Bench.Running;
using Sotto.Bench.Seeding;
using Sotto.Dev.Running;
using Sotto.FakePhone;
using Sotto.Hosting.Bus;
using Sotto.LocalServers.Processes;

namespace Sotto.Bench.Pipeline;

/// <summary>A system with subscriptions in it, and messages to send through it.</summary>
internal sealed class LoadedSystem : IAsyncDisposable
{
    // Copies of a message: what a swarm has members.
    public const int SwarmMembers = 5;

    /// <summary>Of the requests to monitor an account the simulated nodes verify one in so many signatures: all five million of a million accounts take them a quarter of an hour.</summary>
    public const int VerifyOneIn = 20;

    // A message that has not come after so long without any other coming is not coming.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan MonitoredPatience = TimeSpan.FromMinutes(15);
    // One more than was expected comes soon or not at all.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    /// <summary>Messages on their way at saturation, for each listener: enough that every stage always has a full frame waiting, few enough that nothing is refused.</summary>
    public const int OutstandingPerListener = 4_000;

    private const int ChunkSize = 250;
    public const int AccountsMax = 50_000;

    private const string Notifications = "sotto_listener_notifications";

    private readonly BenchContext _context;
    private readonly Dictionary<string, int> _phones = new(StringComparer.Ordinal);
    private readonly List<string> _accounts = [];
    private readonly Random _random = new(1);
    private Dictionary<string, FakePhone.FakePhone>? _byToken;
    private long _monitored;

    private LoadedSystem(BenchContext context, BenchSystem system)
    {
        (_context, System) = (context, system);
        Load = new SwarmLoad(system.State, context.Folder);
        Journal = new ProviderJournal(JournalFile(context));
    }

    public BenchSystem System { get; }

    public SwarmLoad Load { get; }

    public ProviderJournal Journal { get; }

    /// <summary>Subscriptions in the tables.</summary>
    public int Subscriptions { get; private set; }

    public static async Task<LoadedSystem> StartAsync(BenchContext context, SystemPlan plan, CancellationToken cancellation)
    {
        Directory.CreateDirectory(context.Folder);
        var arguments = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase)
        {
            [SimulatorCatalogue.Apns] = ["--journal", JournalFile(context), "--received-max", "0"],
            // Two swarms of five; none loses a notification on its own side before the listener has had every chance to take it.
            [SimulatorCatalogue.Swarm] = ["--nodes", "10", "--swarms", "2", "--send-queue-max", "100000", "--verify-one-in", $"{VerifyOneIn}"],
        };
        // As an operator sets it once all instances are of this version.
        var settings = new Dictionary<string, string>(plan.Settings, StringComparer.OrdinalIgnoreCase) { ["Bus:FrameFormat"] = nameof(FrameFormat.Compact) };
        return new LoadedSystem(context, await context.StartSystemAsync(plan with { Settings = settings, SimulatorArguments = arguments }, cancellation));
    }

    /// <summary>Fills the tables up to so many subscriptions, starts the listeners anew, and waits until the network tells them of every account.</summary>
    public async Task SubscribeAsync(int count, CancellationToken cancellation)
    {
        await FillAsync(count, cancellation);
        // What the network still knows of a listener that has gone.
        var earlier = _monitored;
        _context.Say("waiting until the network tells of every account ...");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(MonitoredPatience);
        try
        {
            while (await Load.SubscriptionsAsync(patience.Token) < earlier + ((long)count * SwarmMembers))
                await Task.Delay(TimeSpan.FromSeconds(0.5), patience.Token);
            _monitored = await Load.SubscriptionsAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BenchException($"The network did not tell of every account within {MonitoredPatience.TotalMinutes:0} minutes.");
        }
    }

    /// <summary>Fills the tables up to so many subscriptions, and starts the listeners anew.</summary>
    public async Task FillAsync(int count, CancellationToken cancellation)
    {
        _context.Say($"filling the tables with {count:N0} subscriptions ...");
        var listeners = System.State.Services.Where(service => service.Name == ServiceCatalogue.Listener).ToList();
        foreach (var listener in listeners)
            await System.System.StopServiceAsync(listener, StopSignal.Terminate, cancellation);
        using (var seed = new SubscriptionSeed(System))
            await seed.FillAsync(Subscriptions, count - Subscriptions, _context.Say, cancellation);
        Subscriptions = count;
        foreach (var listener in listeners)
            await System.System.StartServiceAsync(listener.Name, cancellation);

        ChooseAccounts();
    }

    /// <summary>Every account in the tables, in hex.</summary>
    public IEnumerable<string> AllAccounts => Enumerable.Range(0, Subscriptions).AsParallel().AsOrdered().Select(index => SeedPhone.Of(index).Account.Hex);

    /// <summary>What a phone of ours reads in a notification; null when it is not for one of the chosen ones, or cannot be read.</summary>
    public Notification? Open(Taken push)
    {
        var keyed = _byToken ??= _phones.Values.AsParallel().Select(SeedPhone.Of).ToDictionary(phone => phone.TokenFor(SeedPhone.Service), StringComparer.OrdinalIgnoreCase);
        return keyed.TryGetValue(push.Token, out var phone) && Envelope.FindIn(Encoding.UTF8.GetString(push.Body.Span)) is { } envelope
            && phone.TryOpen(envelope, out var notification) ? notification : null;
    }

    /// <summary>Only looks on.</summary>
    public async Task<Watched> WatchAsync(TimeSpan time, CancellationToken cancellation)
    {
        Journal.Count();
        var (position, before, cpu) = (Journal.Position, await ReadListenersAsync(cancellation), System.MeterCpu());
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < time)
        {
            await Task.Delay(Tick, cancellation);
            Journal.Count();
        }

        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var (use, after) = (cpu.Read(), await ReadListenersAsync(cancellation));
        return new Watched(Journal.Read(position, Journal.Position), use, after.Heard - before.Heard, after.Dropped - before.Dropped, seconds);
    }

    /// <summary>Messages at a steady rate, whatever becomes of them.</summary>
    public Task<Measured> OpenAsync(double perSecond, int bytes, int seconds, CancellationToken cancellation) => MeasureAsync(
        bytes,
        seconds,
        async due =>
        {
            _context.Say($"{perSecond:N0} messages a second of {bytes:N0} bytes for {seconds} s ...");
            var count = Math.Max(1, (int)(perSecond * seconds));
            due.AddRange(await Load.StoreAsync(Accounts(Math.Min(count, AccountsMax)), count, perSecond, bytes, cancellation));
        },
        cancellation);

    /// <summary>As many messages as come out at the other end: so many are always on their way.</summary>
    public Task<Measured> SaturateAsync(int bytes, int seconds, CancellationToken cancellation) => MeasureAsync(
        bytes,
        seconds,
        async due =>
        {
            _context.Say($"as many messages as go through of {bytes:N0} bytes for {seconds} s ...");
            var outstandingMax = OutstandingPerListener * System.State.Services.Count(service => service.Name == ServiceCatalogue.Listener);
            var before = Journal.Count();
            var started = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds)
            {
                if (due.Count - (Journal.Count() - before) + ChunkSize > outstandingMax)
                    await Task.Delay(Tick / 4, cancellation);
                else
                    due.AddRange(await Load.StoreAsync(Accounts(ChunkSize), ChunkSize, perSecond: 200_000, bytes, cancellation));
            }
        },
        cancellation);

    public async ValueTask DisposeAsync()
    {
        Journal.Dispose();
        Load.Dispose();
        await System.DisposeAsync();
    }

    private static string JournalFile(BenchContext context) => Path.Combine(context.Folder, "apns.journal");

    private async Task<Measured> MeasureAsync(int bytes, int seconds, Func<List<Due>, Task> send, CancellationToken cancellation)
    {
        Journal.Count();
        var (position, before) = (Journal.Position, await ReadListenersAsync(cancellation));
        var undeliverable = await Load.UndeliverableAsync(cancellation);
        var cpu = System.MeterCpu();
        var records = Journal.Records;
        using var memory = new MemoryWatch(System.ServiceBytes);
        var due = new List<Due>();
        var clock = TimeProvider.System;
        var started = clock.GetUtcNow();
        var early = HeardAfterAsync(TimeSpan.FromSeconds(seconds * Measured.FillingShare), cancellation);
        await send(due);
        var sent = clock.GetUtcNow();
        var heardPerSecond = await HeardPerSecondSinceAsync(await early, cancellation);
        await ArriveAsync(() => records + due.Count, cancellation);
        var use = cpu.Read();
        await Task.Delay(Settling, cancellation);
        Journal.Count();
        var after = await ReadListenersAsync(cancellation);
        var taken = Journal.Read(position, Journal.Position);
        var (verdict, latency) = Judgement.Read(due, _phones, taken, bytes);
        return new Measured
        {
            Verdict = verdict,
            Latency = latency,
            Cpu = use,
            Started = started,
            Sent = sent,
            Arrivals = [.. taken.Select(push => push.AtMicroseconds)],
            Stored = due.Count,
            NotificationsPerSecond = heardPerSecond,
            Dropped = after.Dropped - before.Dropped,
            Undeliverable = await Load.UndeliverableAsync(cancellation) - undeliverable,
            Accepted = after.Published - before.Published,
            PeakServiceBytes = memory.Peak,
        };
    }

    private async Task<(double Heard, long At)> HeardAfterAsync(TimeSpan time, CancellationToken cancellation)
    {
        await Task.Delay(time, cancellation);
        return ((await ReadListenersAsync(cancellation)).Heard, TimeProvider.System.GetTimestamp());
    }

    private async Task<double> HeardPerSecondSinceAsync((double Heard, long At) early, CancellationToken cancellation)
    {
        var (heard, at) = await HeardAfterAsync(TimeSpan.Zero, cancellation);
        return (heard - early.Heard) / TimeProvider.System.GetElapsedTime(early.At, at).TotalSeconds;
    }

    private async Task ArriveAsync(Func<int> records, CancellationToken cancellation)
    {
        var (seen, since) = (0, TimeProvider.System.GetTimestamp());
        while (Journal.Count() < records() && TimeProvider.System.GetElapsedTime(since) < Silence)
        {
            if (Journal.Records != seen)
                (seen, since) = (Journal.Records, TimeProvider.System.GetTimestamp());
            await Task.Delay(Tick, cancellation);
        }
    }

    private async Task<(double Heard, double Dropped, double Published)> ReadListenersAsync(CancellationToken cancellation)
    {
        var page = await MetricsPage.ReadAsync(System.State.Services.Where(service => service.Name == ServiceCatalogue.Listener).Select(service => service.Admin!), cancellation);
        return (page.Sum(Notifications, "outcome=\"taken\"") + page.Sum(Notifications, "outcome=\"duplicate\""), page.Sum("sotto_listener_dropped"), page.Sum("sotto_listener_published"));
    }

    // Enough of them that no two messages of a run meet in a cache by chance more often than they would in earnest.
    private void ChooseAccounts()
    {
        _byToken = null;
        _phones.Clear();
        _accounts.Clear();
        var indexes = Enumerable.Range(0, Math.Min(Subscriptions, AccountsMax)).Select(i => Subscriptions <= AccountsMax ? i : _random.Next(Subscriptions)).Distinct().ToArray();
        foreach (var (index, hex) in indexes.AsParallel().Select(index => (index, SeedPhone.Of(index).Account.Hex)))
        {
            _phones.Add(hex, index);
            _accounts.Add(hex);
        }
    }

    private string[] Accounts(int count)
    {
        var chosen = new string[count];
        for (var i = 0; i < count; i++)
            chosen[i] = _accounts[_random.Next(_accounts.Count)];
        return chosen;
    }
}
