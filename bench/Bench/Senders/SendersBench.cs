using Sotto.Bench.Running;
using Sotto.Contracts;
using Sotto.Delivery;
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

    private static readonly Sender[] Senders =
    [
        new(Provider.Apns, ServiceCatalogue.Apns, SimulatorCatalogue.Apns, Connections: 2, Streams: 500),
        new(Provider.Firebase, ServiceCatalogue.Fcm, SimulatorCatalogue.Fcm, Connections: 4, Streams: 90),
        new(Provider.Huawei, ServiceCatalogue.Huawei, SimulatorCatalogue.Hms, Connections: 16, Streams: 1),
        new(Provider.WebPush, "WebPushSender", SimulatorCatalogue.WebPush, Connections: 1, Streams: 10),
    ];

    // How much a sender can do, not what Google and Huawei allow.
    private static readonly Dictionary<string, string> NoQuotas = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Fcm:MessagesPerMinuteMax"] = $"{GateOptions.QuotaMax}",
        ["Huawei:MessagesPerMinuteMax"] = $"{GateOptions.QuotaMax}",
    };

    public string Name => "senders";

    public string Description => "pushes a second of one process of each sender, its provider answering after 0, 20 and 100 ms";

    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var report = context.Report;
        await using var system = await context.StartSystemAsync(context.PlanOf([.. Senders.Select(sender => sender.Service)]) with { Settings = NoQuotas }, cancellation);
        foreach (var sender in Senders)
            await MeasureSenderAsync(context, report, system, sender, cancellation);

        report.Note($"Pushes are fed to the sender's queue in frames, sealed for {PushFeeder.Devices:N0} devices; the simulated providers verify credentials, check every request and count; feeding, broker, sender and provider share this machine.");
        report.Note("Streams: ApnsSender 2 connections of 500 (FakeApns allows 1,000 on each), FcmSender 4 of 90 (FakeFcm allows 100), HuaweiSender 16 connections of HTTP/1.1, one request at a time on each: at most 16 / latency. WebPushSender has 10 requests under way to one server, and here is but one: at most 10 / latency. All are the defaults; the quotas that FcmSender and HuaweiSender would keep are out of the way.");
        report.Note("The bare client makes one of the sender's own requests again and again, on as many connections and with as many under way, to the same simulated provider at the same latency, right after the sender.");
    }

    private static async Task MeasureSenderAsync(BenchContext context, Report report, BenchSystem system, Sender sender, CancellationToken cancellation)
    {
        var provider = sender.Provider;
        context.Say($"{provider}: sealing device tokens ...");
        await using var feeder = await PushFeeder.CreateAsync(system, provider, cancellation);
        var fake = new ProviderUnderLoad(system, sender.Simulator);
        await fake.BeginAsync(0, cancellation);
        await feeder.PublishAsync(WarmUp, cancellation);
        var (published, accepted, duplicates) = (0L, 0L, 0L);
        await FinishAsync();
        using var bare = BareClient.Of(system, sender.Simulator, await fake.TakenAsync(cancellation), sender.Connections, sender.Streams);
        foreach (var latency in Latencies)
        {
            await fake.BeginAsync(latency, cancellation);
            context.Say($"{provider} at {latency} ms for {context.Options.Seconds} s ...");
            var (perSecond, use) = await MeasureAsync(context.Options.Seconds, system, feeder, fake, cancellation);
            await FinishAsync();

            await fake.BeginAsync(latency, cancellation);
            context.Say($"{provider} at {latency} ms by a bare client ...");
            var limit = await bare.MeasureAsync(TimeSpan.FromSeconds(context.Options.Seconds), cancellation);
            report.Add($"{provider}_pushes_per_second_at_{latency}_ms", perSecond, "bare_client", limit);
            foreach (var process in (string[])[BenchSystem.KeyOf(sender.Service), "broker"])
                report.Add($"{process}_cpu_us_per_push_{provider}_at_{latency}_ms", use.GetValueOrDefault(process));
        }

        report.Add($"{provider}_lost", published - accepted + duplicates);
        report.Add($"{provider}_duplicated", duplicates);

        async Task FinishAsync()
        {
            await DrainAsync(feeder.Published - published, fake, cancellation);
            var taken = await fake.LedgerAsync(cancellation);
            (published, accepted, duplicates) = (feeder.Published, accepted + taken.Accepted, duplicates + taken.Duplicates);
        }
    }

    // Pushes a second, and the processor time of each process for one of them.
    private static async Task<(double PerSecond, Dictionary<string, double> Microseconds)> MeasureAsync(
        int seconds, BenchSystem system, PushFeeder feeder, ProviderUnderLoad fake, CancellationToken cancellation)
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
        return (taken / took.TotalSeconds, use.Microseconds.ToDictionary(entry => entry.Key, entry => taken > 0 ? entry.Value / (double)taken : 0, StringComparer.Ordinal));
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

    /// <summary>A sender, the provider behind it, and what it has under way there by default.</summary>
    private sealed record Sender(string Provider, string Service, string Simulator, int Connections, int Streams);
}
