using Sotto.Bench.Measuring;
using Sotto.Bench.Running;
using Sotto.Cli.Load;
using Sotto.Contracts;
using Sotto.Dev.Running;

namespace Sotto.Bench.Storm;

/// <summary>
/// What the phones of living providers notice when another provider is dead and its pushes pile up, and when it is back and they go out; and whether they go out within its quota.
/// </summary>
internal sealed class StormBench : IBench
{
    // Seven runtimes compile what they use while they use it. It is over when a round is hardly quicker than the one before, twice.
    private const int WarmUpSeconds = 10;
    private const int WarmUpsMax = 18;
    private const double HardlyQuicker = 0.95;

    // A p99 needs many samples; so many times --seconds. What is compared with a long outage must be long enough to hold what the database and the broker do every few minutes.
    private const int SecondsFactor = 2;
    private const int BeforeOfOutage = 3;

    // What piled up goes out at nearly five times the rate at which it came. What arrives within one second was begun in it, or is one of those that were under way before.
    private const int QuotaPerSecond = 5 * ProviderLoad.MessagesPerSecond;
    private const double UsedOfQuota = 0.9;
    private const int Connections = 16;
    private const string OverQuota = "HTTP 503";

    private const double Megabyte = 1024 * 1024;

    private static readonly (string Provider, string Simulator)[] Living = [(Provider.Apns, SimulatorCatalogue.Apns), (Provider.Firebase, SimulatorCatalogue.Fcm)];
    private static readonly (string Provider, string Simulator) Dying = (Provider.Huawei, SimulatorCatalogue.Hms);

    // The sender has noticed by then, and the first pushes are parked.
    private static readonly TimeSpan StormGathers = TimeSpan.FromSeconds(5);

    // Between two probes.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    // Longer than the pauses that a push is likely to be parked for.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public string Name => "storm";

    public string Description => "latency of the other providers before, while and after one of them is dead and its pushes pile up";

    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        await using var system = await StartAsync(context, cancellation);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var loads = Living.Append(Dying).Select((provider, number) => new ProviderLoad(system, http, provider.Provider, provider.Simulator, seed: number + 1)).ToList();
        var (others, dying) = (loads[..^1], loads[^1]);
        context.Say("the phones of each provider subscribe ...");
        foreach (var load in loads)
            await load.SubscribeAsync(cancellation);
        var settled = await WarmedUpAsync(context, loads, cancellation);

        var seconds = Math.Max(SecondsFactor * context.Options.Seconds, context.Options.OutageMinutes * 60 / BeforeOfOutage ?? 0);
        context.Say($"{ProviderLoad.MessagesPerSecond} messages a second for each provider, {seconds} s ...");
        using var memoryBefore = Watch(system);
        var before = await Task.WhenAll(loads.Select(load => load.RunAsync(seconds, cancellation)));
        var calm = memoryBefore.Peaks();
        using var memoryDuring = Watch(system);
        var storm = await StormAsync(context, others, dying, seconds, cancellation);

        var report = context.Report;
        report.Add("seconds_before", seconds);
        for (var number = 0; number < others.Count; number++)
            Add(report, Living[number].Provider, before[number], storm.During[number], storm.Draining[number]);
        Add(report, storm);
        report.Add($"{Dying.Provider}_refused_over_quota", await dying.RefusedAsync(OverQuota, cancellation));
        foreach (var (who, bytes) in memoryDuring.Peaks())
            report.Add($"{who}_megabytes_at_most", bytes / Megabyte, "before", calm[who] / Megabyte);
        report.Note($"{ProviderLoad.MessagesPerSecond} messages a second for each of three providers, timed from when each was due to be stored until its provider had read it, and known by their hashes.");
        report.Note($"{Dying.Simulator} refuses every connection during, and afterwards answers, and refuses more than {QuotaPerSecond + Connections} in any second; its sender has {Connections} connections and keeps to {QuotaPerSecond}. Piled up is what was due until it was back. Draining begins with the first that goes out.");
        if (!settled)
            report.Note($"After {WarmUpsMax} rounds of {WarmUpSeconds} s it still became quicker: what was measured before is slower than it would be later.");
    }

    // One of them dies, is dead for a while, and comes back; messages for it are stored all the time.
    private static async Task<StormReport> StormAsync(BenchContext context, List<ProviderLoad> others, ProviderLoad dying, int seconds, CancellationToken cancellation)
    {
        var outage = context.Options.OutageMinutes * 60 ?? seconds;
        var draining = Math.Max(seconds, (int)(outage * ProviderLoad.MessagesPerSecond / ((UsedOfQuota * QuotaPerSecond) - ProviderLoad.MessagesPerSecond)));
        context.Say($"{Dying.Simulator} is dead; the same for {outage} s ...");
        var taken = await dying.TakenAsync(cancellation);
        await dying.KillAsync(cancellation);
        var deadAt = TimeProvider.System.GetTimestamp();
        var dead = dying.RunAsync((int)(StormGathers + LongestPause).TotalSeconds + outage + draining, DrainPatience, cancellation);
        await Task.Delay(StormGathers, cancellation);
        var during = await Task.WhenAll(others.Select(load => load.RunAsync(outage, cancellation)));

        context.Say($"{Dying.Simulator} is back ...");
        var piledUp = (long)(TimeProvider.System.GetElapsedTime(deadAt).TotalSeconds * ProviderLoad.MessagesPerSecond);
        await dying.ReviveAsync(cancellation);
        var backAt = TimeProvider.System.GetTimestamp();
        await TakenAsync(dying, taken + 1, 3 * LongestPause, cancellation);
        context.Say($"what has piled up goes out, and more comes; {draining} s ...");
        var drained = TakenAsync(dying, taken + piledUp, DrainPatience + TimeSpan.FromSeconds(draining), cancellation);
        var whileDraining = await Task.WhenAll(others.Select(load => load.RunAsync(draining, cancellation)));
        var drainedAfter = TimeProvider.System.GetElapsedTime(backAt, await drained);
        context.Say("waiting for the last ...");
        return new StormReport(outage, during, whileDraining, await dead, piledUp, drainedAfter);
    }

    private static Task<BenchSystem> StartAsync(BenchContext context, CancellationToken cancellation)
    {
        var plan = context.PlanOf(ServiceCatalogue.Api, ServiceCatalogue.Listener, ServiceCatalogue.Encryptor, ServiceCatalogue.Apns, ServiceCatalogue.Fcm, ServiceCatalogue.Huawei);
        return context.StartSystemAsync(
            plan with
            {
                Settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["Huawei:MessagesPerMinuteMax"] = $"{60 * QuotaPerSecond}", ["Huawei:Connections"] = $"{Connections}" },
                SimulatorArguments = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase) { [Dying.Simulator] = ["--qps", $"{QuotaPerSecond + Connections}"] },
            },
            cancellation);
    }

    // Whether it became quicker no more.
    private static async Task<bool> WarmedUpAsync(BenchContext context, List<ProviderLoad> loads, CancellationToken cancellation)
    {
        var (settled, last) = (0, double.PositiveInfinity);
        for (var round = 0; round < WarmUpsMax && settled < 2; round++)
        {
            context.Say("warming up ...");
            var reports = await Task.WhenAll(loads.Select(load => load.RunAsync(WarmUpSeconds, cancellation)));
            var median = reports.Average(report => report.Latencies.Percentile(0.5).TotalMilliseconds);
            settled = median > HardlyQuicker * last ? settled + 1 : 0;
            last = median;
        }

        return settled == 2;
    }

    // Until so many have been taken; when that was.
    private static async Task<long> TakenAsync(ProviderLoad dying, long count, TimeSpan patience, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (await dying.TakenAsync(cancellation) < count)
        {
            if (TimeProvider.System.GetElapsedTime(begun) > patience)
                throw new BenchException($"{Dying.Simulator} had not taken {count} pushes after {patience.TotalSeconds:0} s.");
            await Task.Delay(Pause, cancellation);
        }

        return TimeProvider.System.GetTimestamp();
    }

    private static void Add(Report report, StormReport storm)
    {
        report.Add("outage_seconds", storm.OutageSeconds);
        report.Add($"{Dying.Provider}_piled_up", storm.PiledUp);
        report.Add($"{Dying.Provider}_seconds_from_return_until_that_had_gone_out", storm.DrainedAfter.TotalSeconds);
        report.Add($"{Dying.Provider}_stored", storm.Dead.Outcomes.GetValueOrDefault(LoadOutcome.Arrived) + storm.Dead.Outcomes.GetValueOrDefault(LoadOutcome.Lost));
        AddFaults(report, Dying.Provider, storm.Dead);
    }

    private static void Add(Report report, string provider, PhaseReport before, PhaseReport during, PhaseReport draining)
    {
        foreach (var (name, share) in (IEnumerable<(string, double)>)[("p50", 0.5), ("p99", 0.99)])
        {
            var calm = Milliseconds(before);
            report.Add($"{provider}_{name}_ms_before", calm);
            report.Add($"{provider}_{name}_ms_during", Milliseconds(during), "before", calm);
            report.Add($"{provider}_{name}_ms_draining", Milliseconds(draining), "before", calm);

            double Milliseconds(PhaseReport phase) => phase.Latencies.Percentile(share).TotalMilliseconds;
        }

        AddFaults(report, provider, before, during, draining);
    }

    private static void AddFaults(Report report, string provider, params IReadOnlyList<PhaseReport> phases)
    {
        report.Add($"{provider}_lost", Sum(LoadOutcome.Lost));
        report.Add($"{provider}_duplicated", Sum(LoadOutcome.Duplicate));

        long Sum(string outcome) => phases.Sum(phase => phase.Outcomes.GetValueOrDefault(outcome));
    }

    private static Watches Watch(BenchSystem system)
    {
        var processes = system.Processes();
        var dying = BenchSystem.KeyOf(ServiceCatalogue.Huawei);
        return new Watches(
            (dying, new MemoryWatch(() => ProcessTree.ResidentBytes(processes[dying]))),
            ("services", new MemoryWatch(system.ServiceBytes)),
            ("broker", new MemoryWatch(() => ProcessTree.ResidentBytes(processes["broker"]))));
    }

    /// <summary>What was seen of the others during an outage and after it, and of the one that was out.</summary>
    private sealed record StormReport(int OutageSeconds, PhaseReport[] During, PhaseReport[] Draining, PhaseReport Dead, long PiledUp, TimeSpan DrainedAfter);

    /// <summary>Whose memory is watched.</summary>
    private sealed class Watches(params IReadOnlyList<(string Who, MemoryWatch Watch)> all) : IDisposable
    {
        public Dictionary<string, long> Peaks() => all.ToDictionary(one => one.Who, one => one.Watch.Peak, StringComparer.Ordinal);

        public void Dispose()
        {
            foreach (var (_, watch) in all)
                watch.Dispose();
        }
    }
}
