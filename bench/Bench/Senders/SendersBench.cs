using Sotto.Bench.Running;
using Sotto.Contracts;
using Sotto.Dev.Running;

namespace Sotto.Bench.Senders;

/// <summary>How many pushes one process of each sender hands over, by how long its provider takes to answer.</summary>
internal sealed class SendersBench : IBench
{
    // Always more in the queue than the sender may hold (Delivery:PrefetchFrames of 64), unless it would take long to empty.
    private const int OutstandingMax = 16_384;
    private const int OutstandingMin = 512;
    private const double OutstandingSeconds = 2;

    // The first pushes of a process find nothing compiled and no token opened.
    private const int WarmUp = 2 * PushFeeder.Devices;

    private static readonly int[] Latencies = [0, 20, 100];
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private static readonly (string Provider, string Service, string Simulator)[] Senders =
    [
        (Provider.Apns, ServiceCatalogue.Apns, SimulatorCatalogue.Apns),
        (Provider.Firebase, ServiceCatalogue.Fcm, SimulatorCatalogue.Fcm),
        (Provider.Huawei, ServiceCatalogue.Huawei, SimulatorCatalogue.Hms),
    ];

    public string Name => "senders";

    public string Description => "pushes a second of one process of each sender, its provider answering after 0, 20 and 100 ms";

    public async Task<Report> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var report = new Report();
        await using var system = await context.StartSystemAsync(context.PlanOf([.. Senders.Select(sender => sender.Service)]), cancellation);
        foreach (var (provider, service, simulator) in Senders)
            await MeasureSenderAsync(context, report, system, provider, service, simulator, cancellation);

        report.Note($"Pushes are fed to the sender's queue in frames, sealed for {PushFeeder.Devices:N0} devices; the simulated providers verify credentials, check every request and count; feeding, broker, sender and provider share this machine.");
        report.Note("Streams: ApnsSender 2 connections of 500 (FakeApns allows 1,000 on each), FcmSender as Fcm:Connections and 90 (FakeFcm allows 100), HuaweiSender 16 connections of HTTP/1.1, one request at a time on each: at most 16 / latency. All are the defaults.");
        return report;
    }

    private static async Task MeasureSenderAsync(
        BenchContext context, Report report, BenchSystem system, string provider, string service, string simulator, CancellationToken cancellation)
    {
        context.Say($"{provider}: sealing device tokens ...");
        await using var feeder = PushFeeder.Create(system, provider);
        var fake = new ProviderUnderLoad(system, simulator);
        await fake.BeginAsync(0, cancellation);
        await feeder.PublishAsync(WarmUp, cancellation);
        var (published, accepted, duplicates) = (0L, 0L, 0L);
        foreach (var latency in Latencies)
        {
            await DrainAsync(feeder.Published - published, fake, cancellation);
            Add(await fake.LedgerAsync(cancellation), feeder.Published - published);
            await fake.BeginAsync(latency, cancellation);
            context.Say($"{provider} at {latency} ms for {context.Options.Seconds} s ...");
            await MeasureAsync(report, context.Options.Seconds, system, feeder, fake, BenchSystem.KeyOf(service), $"{provider}_pushes_per_second_at_{latency}_ms", $"_{provider}_at_{latency}_ms", cancellation);
        }

        await DrainAsync(feeder.Published - published, fake, cancellation);
        Add(await fake.LedgerAsync(cancellation), feeder.Published - published);
        report.Add($"{provider}_lost", Math.Max(0, published - accepted + duplicates));
        report.Add($"{provider}_duplicated", duplicates);

        void Add((long Accepted, long Duplicates) taken, long handed)
        {
            published += handed;
            accepted += taken.Accepted;
            duplicates += taken.Duplicates;
        }
    }

    private static async Task MeasureAsync(
        Report report, int seconds, BenchSystem system, PushFeeder feeder, ProviderUnderLoad fake, string sender, string key, string suffix, CancellationToken cancellation)
    {
        using var feeding = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var feed = FeedAsync(feeder, fake, feeding.Token);
        await Task.Delay(Settling, cancellation);

        var clock = TimeProvider.System;
        var (started, before, cpu) = (clock.GetTimestamp(), await fake.AcceptedAsync(cancellation), system.MeterCpu());
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation);
        var (took, taken, use) = (clock.GetElapsedTime(started), await fake.AcceptedAsync(cancellation) - before, cpu.Read());
        await feeding.CancelAsync();
        await feed;

        report.Add(key, taken / took.TotalSeconds);
        foreach (var process in (string[])[sender, "broker"])
            report.Add($"{process}_cpu_us_per_push{suffix}", taken > 0 && use.Microseconds.TryGetValue(process, out var microseconds) ? microseconds / (double)taken : 0);
    }

    // Keeps the queue filled for the next seconds, as fast as the sender empties it.
    private static async Task FeedAsync(PushFeeder feeder, ProviderUnderLoad fake, CancellationToken stop)
    {
        var (before, started) = (feeder.Published, TimeProvider.System.GetTimestamp());
        try
        {
            while (true)
            {
                var accepted = await fake.AcceptedAsync(stop);
                var perSecond = accepted / Math.Max(0.5, TimeProvider.System.GetElapsedTime(started).TotalSeconds);
                var wanted = (int)Math.Clamp(perSecond * OutstandingSeconds, OutstandingMin, OutstandingMax);
                if (accepted + wanted - (feeder.Published - before) is > 0 and var missing)
                    await feeder.PublishAsync((int)missing, CancellationToken.None);
                await Task.Delay(Tick, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private static async Task DrainAsync(long handed, ProviderUnderLoad fake, CancellationToken cancellation)
    {
        var (seen, since) = (-1L, TimeProvider.System.GetTimestamp());
        while (await fake.AcceptedAsync(cancellation) is var accepted && accepted < handed && TimeProvider.System.GetElapsedTime(since) < Silence)
        {
            if (accepted != seen)
                (seen, since) = (accepted, TimeProvider.System.GetTimestamp());
            await Task.Delay(Tick, cancellation);
        }
    }
}
