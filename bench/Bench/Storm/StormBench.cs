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

    // A p99 needs many samples; so many times --seconds.
    private const int SecondsFactor = 2;

    // What piled up goes out at nearly five times the rate at which it came. What arrives within one second was begun in it, or is one of those that were under way before.
    private const int QuotaPerSecond = 5 * ProviderLoad.MessagesPerSecond;
    private const int Connections = 16;
    private const string OverQuota = "HTTP 503";

    private const double Megabyte = 1024 * 1024;

    private static readonly (string Provider, string Simulator)[] Living = [(Provider.Apns, SimulatorCatalogue.Apns), (Provider.Firebase, SimulatorCatalogue.Fcm)];
    private static readonly (string Provider, string Simulator) Dying = (Provider.Huawei, SimulatorCatalogue.Hms);

    // The sender has noticed by then, and the first pushes are parked.
    private static readonly TimeSpan StormGathers = TimeSpan.FromSeconds(5);

    // The longest pause between two probes, the ramp after it, and the longest parking of a push.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public string Name => "storm";

    public string Description => "latency of the other providers before, while and after one of them is dead and its pushes pile up";

    public async Task<Report> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        await using var system = await StartAsync(context, cancellation);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var loads = Living.Append(Dying).Select((provider, number) => new ProviderLoad(system, http, provider.Provider, provider.Simulator, seed: number + 1)).ToList();
        var (others, dying) = (loads[..^1], loads[^1]);
        context.Say("the phones of each provider subscribe ...");
        foreach (var load in loads)
            await load.SubscribeAsync(cancellation);
        await WarmUpAsync(context, loads, cancellation);

        var seconds = SecondsFactor * context.Options.Seconds;
        context.Say($"{ProviderLoad.MessagesPerSecond} messages a second for each provider, {seconds} s ...");
        using var memoryBefore = Watch(system);
        var before = await Task.WhenAll(loads.Select(load => load.RunAsync(seconds, cancellation)));
        var calm = memoryBefore.Peaks();

        var outage = context.Options.OutageMinutes * 60 ?? seconds;
        context.Say($"{Dying.Simulator} is dead; the same for {outage} s ...");
        var known = await DistinctAsync(dying, cancellation);
        using var memoryDuring = Watch(system);
        await dying.KillAsync(cancellation);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var storm = dying.StoreOnlyAsync(enough.Token, cancellation);
        await Task.Delay(StormGathers, cancellation);
        var during = await Task.WhenAll(others.Select(load => load.RunAsync(outage, cancellation)));

        context.Say($"{Dying.Simulator} is back; what has piled up goes out, and more comes ...");
        await dying.ReviveAsync(cancellation);
        var backAt = TimeProvider.System.GetTimestamp();
        var draining = await Task.WhenAll(others.Select(load => load.RunAsync(seconds, cancellation)));
        await enough.CancelAsync();
        var stored = await storm;
        var arrived = await DrainAsync(context, dying, known, stored, cancellation);

        var report = new Report();
        for (var number = 0; number < others.Count; number++)
            Add(report, Living[number].Provider, before[number], during[number], draining[number]);
        report.Add("outage_seconds", outage);
        report.Add($"{Dying.Provider}_stored", stored);
        report.Add($"{Dying.Provider}_lost", stored - arrived);
        report.Add($"{Dying.Provider}_seconds_until_all_had_gone_out", TimeProvider.System.GetElapsedTime(backAt).TotalSeconds);
        await AddLedgerAsync(report, dying, cancellation);
        foreach (var (who, bytes) in memoryDuring.Peaks())
            report.Add($"{who}_megabytes_at_most", bytes / Megabyte, "before", calm[who] / Megabyte);
        report.Note($"{ProviderLoad.MessagesPerSecond} messages a second for each of three providers, timed from when each was due to be stored until its provider had read it.");
        report.Note($"{Dying.Simulator} refuses every connection during, and answers afterwards, with a quota of {QuotaPerSecond} a second; its sender is set to that quota. Draining: the first {seconds} s after its return.");
        return report;
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

    private static async Task WarmUpAsync(BenchContext context, List<ProviderLoad> loads, CancellationToken cancellation)
    {
        var last = double.PositiveInfinity;
        for (var (round, settled) = (0, 0); round < WarmUpsMax && settled < 2; round++)
        {
            context.Say("warming up ...");
            var reports = await Task.WhenAll(loads.Select(load => load.RunAsync(WarmUpSeconds, cancellation)));
            var median = reports.Average(report => report.Latencies.Percentile(0.5).TotalMilliseconds);
            settled = median > HardlyQuicker * last ? settled + 1 : 0;
            last = median;
        }
    }

    // How many of those that were stored have come.
    private static async Task<long> DrainAsync(BenchContext context, ProviderLoad dying, long known, long stored, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        long arrived;
        while ((arrived = await DistinctAsync(dying, cancellation) - known) < stored && TimeProvider.System.GetElapsedTime(begun) < DrainPatience)
            await Task.Delay(Pause, cancellation);
        context.Say($"{arrived} of {stored} have gone out ...");
        return arrived;
    }

    private static async Task<long> DistinctAsync(ProviderLoad dying, CancellationToken cancellation) => (await dying.LedgerAsync(cancellation))["distinct"]!.GetValue<long>();

    private static async Task AddLedgerAsync(Report report, ProviderLoad dying, CancellationToken cancellation)
    {
        var ledger = await dying.LedgerAsync(cancellation);
        report.Add($"{Dying.Provider}_duplicated", ledger["duplicates"]!.GetValue<long>());
        report.Add($"{Dying.Provider}_refused_over_quota", ledger["refused"]![OverQuota]?.GetValue<long>() ?? 0);
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

        report.Add($"{provider}_lost", Sum(LoadOutcome.Lost));
        report.Add($"{provider}_duplicated", Sum(LoadOutcome.Duplicate));

        double Sum(string outcome) => ((PhaseReport[])[before, during, draining]).Sum(phase => phase.Outcomes.GetValueOrDefault(outcome));
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
