using Sotto.Bench.Brokers;
using Sotto.Contracts;
using Sotto.Dev.Running;
using Sotto.Hosting.Bus;

namespace Sotto.Bench.Pipeline;

/// <summary>From the storage network's wire to the provider's: every stage, every hop durable, everything on this machine.</summary>
internal sealed class PipelineBench : IBench
{
    private const int Small = 300;
    private const int Large = 2_500;
    private const int Few = 10_000;
    private const int Many = 1_000_000;

    // Until the runtime has compiled what is hot for good; a server that has run for a minute has.
    private const int WarmUpSeconds = 15;

    private static readonly TimeSpan BareWarmUp = TimeSpan.FromSeconds(3);

    public string Name => "pipeline";

    public string Description => "messages of five swarm members each, through listener, broker, Encryptor, broker and ApnsSender to a provider: pushes a second and latency";

    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        if (context.Options.Swarm is not null)
        {
            await OutsideSwarm.MeasureAsync(context, cancellation);
            return;
        }

        var report = context.Report;
        var seconds = context.Options.Seconds;
        await using var system = await LoadedSystem.StartAsync(context, new SystemPlan { Folder = context.Folder }, cancellation);
        await system.SubscribeAsync(context.Options.Subscriptions ?? Few, cancellation);
        report.Add("idle_mb_of_all_services", system.System.ServiceBytes() / 1e6);
        report.Add("idle_mb_of_all_services_shared_pages_once", system.System.ServiceBytesTogether() / 1e6);
        var limit = await BareBrokerAsync(context, system, cancellation);
        await WarmUpAsync(system, Small, cancellation);

        var peak = await SaturateAsync(system, report, "", Small, seconds, limit, cancellation);
        await PaceAsync(system, report, "_at_100", 100, Small, seconds, cancellation);
        await PaceAsync(system, report, "_at_1000", 1_000, Small, seconds, cancellation);
        await PaceAsync(system, report, "_at_half_of_saturation", peak / 2, Small, seconds, cancellation);

        await OverloadAsync(system, report, 2 * peak, seconds, cancellation);

        await WarmUpAsync(system, Large, cancellation);
        await SaturateAsync(system, report, "_2500_bytes", Large, seconds, limit: null, cancellation);
        await PaceAsync(system, report, "_at_1000_2500_bytes", 1_000, Large, seconds, cancellation);

        if (context.Options.Subscriptions is null)
        {
            await system.SubscribeAsync(Many, cancellation);
            await WarmUpAsync(system, Small, cancellation);
            await SaturateAsync(system, report, "_1000000_subscriptions", Small, seconds, limit, cancellation);
            await PaceAsync(system, report, "_at_1000_1000000_subscriptions", 1_000, Small, seconds, cancellation);
        }

        Explain(report, seconds);
    }

    private static async Task WarmUpAsync(LoadedSystem system, int bytes, CancellationToken cancellation)
    {
        await system.OpenAsync(500, bytes, WarmUpSeconds / 5, cancellation);
        await system.SaturateAsync(bytes, WarmUpSeconds, cancellation);
    }

    // The limit that pushes are held against: the same messages, in full frames, through one quorum queue of this broker while nothing else happens.
    private static async Task<double> BareBrokerAsync(BenchContext context, LoadedSystem system, CancellationToken cancellation)
    {
        context.Say("the bare broker ...");
        var body = FrameBytes.Of(SampleMessages.Make(FrameLimits.ItemsMax, Small, FrameLimits.ItemsMax));
        var broker = system.System.State.Broker!.Amqp;
        await BareQueue.PassAsync(broker, body, BareWarmUp, cancellation);
        var (messages, seconds) = await BareQueue.PassAsync(broker, body, TimeSpan.FromSeconds(context.Options.Seconds), cancellation);
        return messages * FrameLimits.ItemsMax / seconds;
    }

    private static async Task<double> SaturateAsync(LoadedSystem system, Report report, string suffix, int bytes, int seconds, double? limit, CancellationToken cancellation)
    {
        var measured = await system.SaturateAsync(bytes, seconds, cancellation);
        if (limit is { } items)
            report.Add($"pushes_per_second{suffix}", measured.PerSecond, "bare_broker", items);
        else
            report.Add($"pushes_per_second{suffix}", measured.PerSecond);
        report.Add($"node_notifications_per_second{suffix}", measured.NotificationsPerSecond);
        Judge(report, measured, suffix);
        report.Add(measured.Cpu, measured.Taken, suffix);
        // Message to Encryptor, push to sender.
        report.Add($"broker_cpu_us_per_push_and_hop{suffix}", measured.Cpu.Microseconds.GetValueOrDefault("broker") / 2.0 / Math.Max(1, measured.Taken));
        report.Add($"peak_mb_of_all_services{suffix}", measured.PeakServiceBytes / 1e6);
        return measured.PerSecond;
    }

    // More than goes through, and then what usually goes through: what was accepted must come, memory must be bounded, and all must be as before.
    private static async Task OverloadAsync(LoadedSystem system, Report report, double perSecond, int seconds, CancellationToken cancellation)
    {
        var measured = await system.OpenAsync(perSecond, Small, seconds, cancellation);
        report.Add("overload_wanted_messages_per_second", perSecond);
        report.Add("overload_offered_messages_per_second", measured.Stored / measured.Seconds);
        report.Add("overload_pushes_per_second", measured.PerSecond);
        report.Add("overload_refused_notifications", measured.Dropped);
        report.Add("overload_undelivered_by_network", measured.Undeliverable);
        report.Add("overload_accepted_messages", measured.Accepted);
        report.Add("overload_lost_of_accepted", measured.Accepted - measured.Verdict.Delivered);
        report.Add("overload_duplicated", measured.Verdict.Duplicated);
        report.Add("overload_misdirected", measured.Verdict.Misdirected);
        report.Add("overload_peak_mb_of_all_services", measured.PeakServiceBytes / 1e6);
        report.Add("overload_seconds_until_all_had_come", measured.SecondsToEnd);
        await PaceAsync(system, report, "_at_1000_after_overload", 1_000, Small, seconds, cancellation);
    }

    private static async Task PaceAsync(LoadedSystem system, Report report, string suffix, double perSecond, int bytes, int seconds, CancellationToken cancellation)
    {
        var measured = await system.OpenAsync(perSecond, bytes, seconds, cancellation);
        report.Add($"p50_ms{suffix}", measured.Latency.At(0.50));
        report.Add($"p95_ms{suffix}", measured.Latency.At(0.95));
        report.Add($"p99_ms{suffix}", measured.Latency.At(0.99));
        report.Add(measured.Cpu, measured.Taken, suffix);
        Judge(report, measured, suffix);
    }

    private static void Judge(Report report, Measured measured, string suffix)
    {
        report.Add($"dropped{suffix}", measured.Dropped);
        report.Add($"undelivered_by_network{suffix}", measured.Undeliverable);
        report.Add($"lost{suffix}", measured.Verdict.Lost);
        report.Add($"duplicated{suffix}", measured.Verdict.Duplicated);
        report.Add($"misdirected{suffix}", measured.Verdict.Misdirected);
    }

    private static void Explain(Report report, int seconds)
    {
        report.Note($"Each load lasted {seconds} s. Every message was told of by {LoadedSystem.SwarmMembers} nodes over CURVE; every notification was taken over TLS and HTTP/2 by a provider that verified its token.");
        report.Note($"Of the requests to monitor an account, before any message, the nodes verified the signatures of one in {LoadedSystem.VerifyOneIn}.");
        report.Note("Every notification that the provider took was opened afterwards with the key of the phone it was for, and holds a message of the right size; lost, duplicated and misdirected are counted from message hashes read there.");
        report.Note("Latencies count from when a message was due by its rate, so a network or a pipeline that falls behind is seen; they end when the provider has read the request whole.");
        report.Note("PostgreSQL runs with its own defaults for durability (fsync, synchronous_commit and full_page_writes on), except that the Encryptor's memory of what it has pushed commits without waiting for the disk (decision 0003); queues are quorum queues, messages persistent, publishers confirmed, consumers acknowledge by hand.");
        report.Note("Services run with their default settings, except Bus:FrameFormat=Compact (decision 0011).");
        report.Note("bare_broker: the same messages, 64 to a frame, through one quorum queue of this broker by RabbitMQ.Client alone, publisher to consumer, before anything else was sent. A push crosses two queues and a database.");
        report.Note("The broker runs schedulers for half of the cores, as ./dev starts it (decision 0012); so does bare_broker.");
        report.Note($"Messages are for at most {LoadedSystem.AccountsMax:N0} of the accounts, chosen at random: with 1,000,000 subscriptions, for one in twenty.");
        report.Note("At saturation 4,000 messages are on their way at all times. Saturation shares two cores with the simulators; their processor time is in the table.");
    }
}
