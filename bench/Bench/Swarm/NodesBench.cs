using Sotto.Bench.Measuring;
using Sotto.Bench.Running;
using Sotto.Dev.Running;
using Sotto.FakeSwarm;

namespace Sotto.Bench.Swarm;

/// <summary>What 2,000 encrypted connections cost one listener: making them, holding them, hearing over all of them.</summary>
internal sealed class NodesBench : IBench
{
    private const int Nodes = 2_000;
    private const int Swarms = 300;
    private const int Accounts = 6_000;
    private const int Copies = 5;
    private const int DataBytes = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    // Longer than the listener's slow check, at which it gives back the memory that its start needed.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan StandStill = TimeSpan.FromSeconds(3);

    public string Name => "nodes";

    public string Description => "2,000 CURVE connections in one listener: time to connect all, idle memory and CPU, notifications/s over all of them";

    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        await using var network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = Nodes, Swarms = Swarms });
        await using var system = await context.StartSystemAsync(
            context.PlanOf(ServiceCatalogue.Listener) with
            {
                Simulators = false,
                Settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["Swarm:Oxend"] = network.OxendAddress, ["Swarm:ConnectToAll"] = "true", ["Swarm:SlowCheckSeconds"] = "10" },
            },
            cancellation);
        var accounts = await ListenerRows.FillAsync(system.ConnectionString, Accounts, context.Say, cancellation);
        var listener = new ListenerProbe(system);
        await AllConnectedAsync(listener, cancellation);
        await listener.KillAsync(cancellation);
        network.ForgetSubscriptions();

        var report = context.Report;
        context.Say("connecting ...");
        var (at, ready) = listener.Start(cancellation);
        await ready;
        await AllConnectedAsync(listener, cancellation);
        report.Add("seconds_to_connect_all", (TimeProvider.System.GetUtcNow() - at).TotalSeconds);
        report.Add("listener_cpu_seconds_to_connect_all", listener.Cpu.TotalSeconds);
        await ListenerProbe.UntilAsync(
            () => Task.FromResult(accounts.All(account => network.TellersOf(account) == network.MembersOf(account).Count)), Patience, "all accounts were monitored", cancellation);

        await IdleAsync(context, listener, report, cancellation);
        var heardPerSecond = await HearAsync(context, system, network, listener, accounts, report, cancellation);
        await listener.KillAsync(cancellation);
        network.ForgetSubscriptions();
        report.Add("node_notifications_per_second", heardPerSecond, "bare_client", await BareAsync(context, network, accounts, cancellation));
        report.Note($"{Nodes:N0} nodes in {Swarms} swarms; seconds count from the start of the process. Both ends of every handshake and of every message run on this machine.");
        report.Note("The limit, bare_client, is this bench's own process with the same connections, which counts what it hears and does nothing else.");
        report.Note("The listener connects to every node (Swarm:ConnectToAll) and checks every 10 s (Swarm:SlowCheckSeconds; 30 by default); network is the bench's own process, which plays the nodes.");
        report.Note($"Messages of {DataBytes} bytes, {Copies} copies of each, for {Accounts:N0} accounts in all swarms; what the listener publishes is taken from its queue and thrown away.");
    }

    private static async Task IdleAsync(BenchContext context, ListenerProbe listener, Report report, CancellationToken cancellation)
    {
        await Task.Delay(Settling, TimeProvider.System, cancellation);
        context.Say("idle ...");
        var before = listener.Cpu;
        await Task.Delay(TimeSpan.FromSeconds(context.Options.Seconds), TimeProvider.System, cancellation);
        report.Add("idle_megabytes", listener.ResidentBytes / 1e6);
        report.Add("idle_anonymous_megabytes", listener.AnonymousBytes / 1e6);
        report.Add("idle_cpu_percent_of_one_core", 100 * (listener.Cpu - before).TotalSeconds / context.Options.Seconds);
    }

    private static async Task<double> HearAsync(
        BenchContext context, BenchSystem system, FakeSwarmNetwork network, ListenerProbe listener, IReadOnlyList<byte[]> accounts, Report report, CancellationToken cancellation)
    {
        await using var drain = await Drain.StartAsync(system.State.Broker!.Amqp, cancellation);
        context.Say("hearing ...");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sent = network.Statistics;
        var cpu = new CpuMeter(system.Processes(), own: "network");
        var begun = TimeProvider.System.GetTimestamp();
        var flood = FloodAsync(network, accounts, ending.Token);
        await Task.Delay(TimeSpan.FromSeconds(context.Options.Seconds), TimeProvider.System, cancellation);
        var heard = await HeardAsync(listener, cancellation);
        var elapsed = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        var use = cpu.Read();
        await ending.CancelAsync();
        await flood;
        context.Say("waiting until all is heard ...");
        await StandStillAsync(() => HeardAsync(listener, cancellation), cancellation);

        var after = network.Statistics;
        foreach (var (name, microseconds) in use.Microseconds)
            report.Add($"{name}_cpu_us_per_notification", microseconds / heard);
        report.Add("undelivered_by_network", after.NotificationsUndeliverable - sent.NotificationsUndeliverable);
        report.Add("dropped", await listener.ReadAsync("sotto_listener_dropped", "", cancellation));
        report.Add("lost", after.MessagesStored - sent.MessagesStored - await listener.ReadAsync("sotto_listener_published", "", cancellation));
        report.Add("frames_drained", drain.Frames);
        report.Add("busy_megabytes", listener.ResidentBytes / 1e6);
        return heard / elapsed;
    }

    private static async Task<double> BareAsync(BenchContext context, FakeSwarmNetwork network, IReadOnlyList<byte[]> accounts, CancellationToken cancellation)
    {
        context.Say("the same with a client that only counts ...");
        using var bare = await BareListener.StartAsync(network, accounts.Count, cancellation);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var begun = TimeProvider.System.GetTimestamp();
        var flood = FloodAsync(network, accounts, ending.Token);
        await Task.Delay(TimeSpan.FromSeconds(context.Options.Seconds), TimeProvider.System, cancellation);
        var perSecond = bare.Heard / TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        await ending.CancelAsync();
        await flood;
        return perSecond;
    }

    // What is under way when the flood ends counts, too.
    private static async Task StandStillAsync(Func<Task<double>> read, CancellationToken cancellation)
    {
        var begun = TimeProvider.System.GetTimestamp();
        for (double before = -1, now = await read(); now > before && TimeProvider.System.GetElapsedTime(begun) < Patience; (before, now) = (now, await read()))
            await Task.Delay(StandStill, TimeProvider.System, cancellation);
    }

    private static async Task FloodAsync(FakeSwarmNetwork network, IReadOnlyList<byte[]> accounts, CancellationToken ending)
    {
        try
        {
            await network.FloodAsync(
                new FloodRequest { Count = FloodRequest.CountMax, Accounts = accounts, Namespace = ListenerRows.Namespaces[1], DataBytes = DataBytes, CopiesPerMessageMax = Copies }, ending);
        }
        catch (OperationCanceledException)
        {
            // The end that was meant.
        }
    }

    private static async Task<double> HeardAsync(ListenerProbe listener, CancellationToken cancellation) =>
        await listener.ReadAsync("sotto_listener_notifications", "outcome=\"taken\"", cancellation) + await listener.ReadAsync("sotto_listener_notifications", "outcome=\"duplicate\"", cancellation);

    private static Task AllConnectedAsync(ListenerProbe listener, CancellationToken cancellation) => ListenerProbe.UntilAsync(
        async () => await listener.ReadAsync("sotto_listener_nodes_connected", "", cancellation) >= Nodes, Patience, "all nodes were connected", cancellation);
}
