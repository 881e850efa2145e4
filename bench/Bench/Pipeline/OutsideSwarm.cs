using Sotto.Bench.Measuring;
using Sotto.Bench.Seeding;
using Sotto.Dev.Running;
using Sotto.FakePhone;

namespace Sotto.Bench.Pipeline;

/// <summary>The pipeline behind a storage network that somebody else runs and loads: we start everything but that, and measure what comes out.</summary>
internal static class OutsideSwarm
{
    private const int SubscriptionsDefault = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    // As for a network of our own.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(18);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    public static async Task MeasureAsync(BenchContext context, CancellationToken cancellation)
    {
        var plan = new SystemPlan { Folder = context.Folder, Settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["Swarm:Oxend"] = context.Options.Swarm! } };
        await using var system = await LoadedSystem.StartAsync(context, plan, cancellation);
        var count = context.Options.Subscriptions ?? SubscriptionsDefault;
        if (count > 0)
        {
            await system.FillAsync(count, cancellation);
            var file = Path.Combine(context.Folder, "accounts.txt");
            await File.WriteAllLinesAsync(file, system.AllAccounts, cancellation);
            context.Say($"{count:N0} accounts are subscribed; they are in {file}, one in hex on each line");
        }

        context.Say($"more can be subscribed, for apns, at {system.System.State.Api}; waiting for the first notification ...");
        var first = system.Journal.Count();
        var waited = TimeProvider.System.GetTimestamp();
        while (system.Journal.Count() == first)
        {
            if (TimeProvider.System.GetElapsedTime(waited) > Patience)
                throw new BenchException($"No notification reached the provider within {Patience.TotalMinutes:0} minutes.");
            await Task.Delay(Tick, cancellation);
        }

        context.Say($"warming up for {WarmUp.TotalSeconds:0} s ...");
        await system.WatchAsync(WarmUp, cancellation);
        context.Say($"measuring for {context.Options.Seconds} s ...");
        var measured = await system.WatchAsync(TimeSpan.FromSeconds(context.Options.Seconds), cancellation);
        Tell(context.Report, measured, system);
    }

    private static void Tell(Report report, Watched measured, LoadedSystem system)
    {
        var pushes = measured.Taken.Select(push => push.Id).Distinct(StringComparer.Ordinal).Count();
        report.Add("pushes_per_second", pushes / measured.Seconds);
        report.Add("node_notifications_per_second", measured.Notifications / measured.Seconds);
        report.Add("dropped", measured.Dropped);
        report.Add("sent_twice", measured.Taken.Count - pushes);
        report.Add(measured.Cpu, pushes);

        var readable = measured.Taken.AsParallel().Select(push => (push.AtMicroseconds, push.Token, Notification: system.Open(push))).Where(push => push.Notification is not null).ToList();
        var latency = new Quantiles(readable.Select(push => (push.AtMicroseconds / 1000.0) - push.Notification!.TimestampMilliseconds));
        report.Add("duplicated_of_opened", readable.Count - readable.Select(push => (push.Token, push.Notification!.Hash)).Distinct().Count());
        report.Add("opened_share_of_pushes", measured.Taken.Count == 0 ? 0 : readable.Count / (double)measured.Taken.Count);
        report.Note("The storage network was somebody else's. Pushes are counted at the provider by apns-id, which is the same whenever the same push is sent; duplicated_of_opened counts messages that rang twice, whatever their ids.");
        report.Note($"Measured from {WarmUp.TotalSeconds:0} s after the first notification. What the network stored is not known here, so nothing is said of loss. A simulated network runs beside it, idle. Services run with their default settings, except Bus:FrameFormat=Compact (decision 0011).");
        report.Note($"Latencies are those of accounts that this bench subscribed, at most {LoadedSystem.AccountsMax:N0} of them: from the time that the network says it stored the message, in whole milliseconds, until the provider had read the request.");
        if (readable.Count == 0)
        {
            report.Note("No message was for one of these accounts, so there are no latencies. Whoever loads the network finds them in accounts.txt.");
            return;
        }

        report.Add("p50_ms", latency.At(0.50));
        report.Add("p95_ms", latency.At(0.95));
        report.Add("p99_ms", latency.At(0.99));
    }
}

/// <summary>What came in while nobody of ours sent anything.</summary>
internal sealed record Watched(IReadOnlyList<Taken> Taken, CpuUse Cpu, double Notifications, double Dropped, double Seconds);
