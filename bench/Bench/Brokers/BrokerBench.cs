using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Bench.Measuring;
using Sotto.Bench.Pipeline;
using Sotto.Contracts;
using Sotto.Dev.Running;
using Sotto.Hosting.Bus;
using Sotto.LocalServers.Processes;

namespace Sotto.Bench.Brokers;

/// <summary>What the broker can carry with nothing of ours in the way, and how much of that each stage of ours reaches when it has the machine to itself.</summary>
internal sealed class BrokerBench : IBench
{
    private const int Bytes = 300;
    private const int Subscriptions = 10_000;
    private const int PushesPerSecondOfRun = 4_000;
    private const string SingleLimit = "broker_limit_one_by_one";
    private const string FrameLimit = "broker_limit_in_frames";

    // Handed over at a time: as many as one listener holds on their way.
    private const int Together = 512;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public string Name => "broker";

    public string Description => "the same payloads through bare RabbitMQ.Client with the same guarantees, and what fraction of it each stage reaches alone";

    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var report = context.Report;
        var plan = context.PlanOf(ServiceCatalogue.Listener, ServiceCatalogue.Encryptor);
        await using var system = await LoadedSystem.StartAsync(context, plan, cancellation);
        await system.SubscribeAsync(Subscriptions, cancellation);
        foreach (var service in system.System.State.Services.ToList())
            await system.System.System.StopServiceAsync(service, StopSignal.Terminate, cancellation);

        var messages = SampleMessages.Make(PushesPerSecondOfRun * context.Options.Seconds, Bytes, Subscriptions);
        var single = await BareAsync(context, system, report, messages.Take(1), cancellation);
        var framed = await BareAsync(context, system, report, messages.Take(FrameLimits.ItemsMax), cancellation);
        await PublishAsync(context, system, report, messages, (single, framed), cancellation);
        await StageAsync(context, system, report, ServiceCatalogue.Encryptor, messages.Count, async () =>
            (int)(await MetricsPage.ReadAsync(Admins(system, ServiceCatalogue.Encryptor), cancellation)).Sum("sotto_encryptor_pushes"), (single, framed), cancellation);
        system.Journal.Count();
        await StageAsync(context, system, report, ServiceCatalogue.Apns, messages.Count, () => Task.FromResult(system.Journal.Count()), (single, framed), cancellation);

        report.Note("Bare: one quorum queue with the arguments of ours, persistent messages of the same bytes, 1,024 unconfirmed at a time, acknowledged by hand 50 at a time; publisher and consumer in one process.");
        report.Note($"Stages: {messages.Count:N0} messages of {Bytes} bytes for {Subscriptions:N0} accounts; published by the listener's publisher into the Encryptor's queue, then the Encryptor alone, then the sender alone.");
        report.Note("A stage does more than carry: the Encryptor asks and writes its database, the sender speaks TLS. Their ratio says how far the broker is from being what holds them back.");
    }

    private static IEnumerable<Uri> Admins(LoadedSystem system, string service) =>
        system.System.State.Services.Where(program => program.Name == service).Select(program => program.Admin!);

    private static async Task<double> BareAsync(BenchContext context, LoadedSystem system, Report report, IEnumerable<MessageArrived> items, CancellationToken cancellation)
    {
        var frame = items.ToArray();
        context.Say($"the bare broker, {frame.Length} to a message ...");
        var body = FrameBytes.Of(frame);
        var cpu = system.System.MeterCpu();
        var (count, seconds) = await BareQueue.PassAsync(system.System.State.Broker!.Amqp, body, TimeSpan.FromSeconds(context.Options.Seconds), cancellation);
        var perSecond = count * frame.Length / seconds;
        var suffix = frame.Length == 1 ? "one_by_one" : "in_frames";
        report.Add($"bare_items_per_second_{suffix}", perSecond);
        report.Add($"bare_broker_cpu_us_per_item_{suffix}", cpu.Read().Microseconds.GetValueOrDefault("broker") / (double)(count * frame.Length));
        report.Add($"bare_message_bytes_{suffix}", body.Length);
        return perSecond;
    }

    private static async Task PublishAsync(
        BenchContext context, LoadedSystem system, Report report, List<MessageArrived> messages, (double Single, double Framed) limits, CancellationToken cancellation)
    {
        context.Say("our publisher ...");
        await using var broker = new Broker(system.System.State.Broker!.Amqp, "bench") { FrameFormat = FrameFormat.Compact };
        await using var publisher = new FramePublisher<MessageArrived>(
            broker, BusTopology.MessageArrived, mandatory: true, message => 300 + (message.Data?.Length ?? 0), TimeProvider.System, NullLogger.Instance);
        await publisher.PublishAsync(messages[0], cancellation);
        var cpu = system.System.MeterCpu();
        var clock = Stopwatch.StartNew();
        var sending = new List<Task>();
        foreach (var group in messages.Skip(1).Chunk(FrameLimits.ItemsMax))
        {
            sending.Add(publisher.PublishAsync(group, cancellation));
            if (sending.Count * FrameLimits.ItemsMax >= Together)
                sending.Remove(await Task.WhenAny(sending));
        }

        await Task.WhenAll(sending);
        Add(report, "publisher", messages.Count / clock.Elapsed.TotalSeconds, limits);
        report.Add("publisher_broker_cpu_us_per_item", cpu.Read().Microseconds.GetValueOrDefault("broker") / (double)messages.Count);
    }

    private static async Task StageAsync(
        BenchContext context, LoadedSystem system, Report report, string service, int count, Func<Task<int>> done, (double Single, double Framed) limits, CancellationToken cancellation)
    {
        context.Say($"{service} alone ...");
        var program = await system.System.System.StartServiceAsync(service, cancellation);
        var cpu = system.System.MeterCpu();
        var clock = Stopwatch.StartNew();
        var first = await done();
        while (await done() < count)
        {
            if (clock.Elapsed > Patience)
                throw new BenchException($"{service} did not get through {count:N0} messages in {Patience.TotalMinutes:0} minutes.");
            await Task.Delay(Look, cancellation);
        }

        var key = Running.BenchSystem.KeyOf(service);
        Add(report, key, (count - first) / clock.Elapsed.TotalSeconds, limits);
        foreach (var (name, microseconds) in cpu.Read().Microseconds.Where(use => use.Key == key || use.Key is "broker" or "database" || (use.Key == "fake_apns" && service == ServiceCatalogue.Apns)))
            report.Add($"{key}_alone_{name}_cpu_us_per_item", microseconds / (double)(count - first));
        await system.System.System.StopServiceAsync(program, StopSignal.Terminate, cancellation);
    }

    private static void Add(Report report, string stage, double perSecond, (double Single, double Framed) limits)
    {
        report.Add($"{stage}_alone_items_per_second", perSecond, FrameLimit, limits.Framed);
        report.Add($"{stage}_alone_ratio_to_{SingleLimit}", perSecond / limits.Single);
    }
}
