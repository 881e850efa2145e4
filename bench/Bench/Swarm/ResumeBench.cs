using Sotto.Bench.Measuring;
using Sotto.Bench.Running;
using Sotto.Dev.Running;
using Sotto.FakeSwarm;

namespace Sotto.Bench.Swarm;

/// <summary>How long a million accounts are unheard when the only listener is killed, and what each costs in memory.</summary>
internal sealed class ResumeBench : IBench
{
    private const int Subscriptions = 1_000_000;
    private const int Nodes = 1_800;
    private const int Swarms = 300;
    private const int VerifyOneIn = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    // Longer than the listener's slow check, at which it gives back the memory that its start needed.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(15);

    public string Name => "resume";

    public string Description => "a listener with a million subscriptions is killed: how soon all are monitored again, and the memory for each";

    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        await using var network = await FakeSwarmNetwork.StartAsync(new FakeSwarmOptions { Nodes = Nodes, Swarms = Swarms, VerifyOneIn = VerifyOneIn });
        await using var system = await context.StartSystemAsync(
            context.PlanOf(ServiceCatalogue.Listener) with
            {
                Simulators = false,
                Settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["Swarm:Oxend"] = network.OxendAddress, ["Swarm:ConnectToAll"] = "true", ["Swarm:SlowCheckSeconds"] = "10" },
            },
            cancellation);
        var listener = new ListenerProbe(system);
        var report = context.Report;
        await AllConnectedAsync(listener, cancellation);
        await Task.Delay(Settling, TimeProvider.System, cancellation);
        var emptyBytes = listener.ResidentBytes;
        context.Say($"{Nodes:N0} nodes are connected; making {Subscriptions:N0} signed subscriptions ...");
        var accounts = await ListenerRows.FillAsync(system.ConnectionString, Subscriptions, context.Say, cancellation);

        await listener.KillAsync(cancellation);
        await ResumeAsync(network, listener, accounts, MeterOthers(system), cancellation);
        await Task.Delay(Settling, TimeProvider.System, cancellation);
        await listener.KillAsync(cancellation);
        context.Say("all accounts are monitored; killing the listener, and starting it again ...");
        network.ForgetSubscriptions();
        var before = network.Statistics;
        AddFigures(report, await ResumeAsync(network, listener, accounts, MeterOthers(system), cancellation));
        var refused = network.Statistics.MonitorsRefused.Sum() - before.MonitorsRefused.Sum();
        report.Add("monitors_refused", refused);
        report.Add("monitors_verified", network.Statistics.MonitorsVerified - before.MonitorsVerified);
        await Task.Delay(Settling, TimeProvider.System, cancellation);
        report.Add("bytes_per_subscription", (listener.ResidentBytes - emptyBytes) / (double)Subscriptions);
        report.Add("empty_listener_megabytes", emptyBytes / 1e6);
        AddNotes(report);
    }

    private static CpuMeter MeterOthers(BenchSystem system) => new(
        system.Processes().Where(group => group.Key != BenchSystem.KeyOf(ServiceCatalogue.Listener)).ToDictionary(group => group.Key, group => group.Value, StringComparer.Ordinal), own: "network");

    private static async Task<Resumption> ResumeAsync(
        FakeSwarmNetwork network, ListenerProbe listener, IReadOnlyList<byte[]> accounts, CpuMeter others, CancellationToken cancellation)
    {
        var expected = accounts.Sum(account => (long)network.MembersOf(account).Count);
        var (at, ready) = listener.Start(cancellation);
        await ListenerProbe.UntilAsync(() => Task.FromResult(network.SubscriptionsAtAll() >= expected), Patience, "every node knew every account of its swarm", cancellation);
        var othersUse = others.Read();
        await ready;
        var listenerUse = listener.Cpu;
        var seconds = accounts.Select(account => network.MonitoredSince(account) is { } since
            ? (since - at).TotalSeconds
            : throw new BenchException("A node does not know an account that it should.")).ToArray();
        return new Resumption(seconds, listenerUse, othersUse);
    }

    private static Task AllConnectedAsync(ListenerProbe listener, CancellationToken cancellation) => ListenerProbe.UntilAsync(
        async () => await listener.ReadAsync("sotto_listener_nodes_connected", "", cancellation) >= Nodes, Patience, "all nodes were connected", cancellation);

    private static void AddFigures(Report report, Resumption resumption)
    {
        var quantiles = new Quantiles(resumption.Seconds);
        report.Add("seconds_to_first_monitored", resumption.Seconds.Min());
        report.Add("seconds_to_half_monitored", quantiles.At(0.5));
        report.Add("seconds_to_all_monitored", resumption.Seconds.Max());
        report.Add("swarm_listener_cpu_seconds", resumption.ListenerUse.TotalSeconds);
        foreach (var (name, microseconds) in resumption.OthersUse.Microseconds)
            report.Add($"{name}_cpu_seconds", microseconds / 1e6);
    }

    private static void AddNotes(Report report)
    {
        report.Note($"{Subscriptions:N0} accounts, each told to every node of its swarm: {Nodes:N0} nodes in {Swarms} swarms, six in each, as the network has five to seven.");
        report.Note("Seconds count from the start of the process after kill -9; an account counts from when the last node of its swarm has been told and has answered.");
        report.Note($"The network is simulated by the bench's own process, on the same processors: its cost (network_cpu_seconds) is not the listener's. It checks every request, and the signatures of one in {VerifyOneIn}, since six million verifications are five minutes of work.");
        report.Note("The listener connects to every node (Swarm:ConnectToAll) and checks every 10 s (Swarm:SlowCheckSeconds; 30 by default).");
        report.Note("Accounts are groups (03), which spares the network the conversion of keys; the listener treats all alike.");
    }

    // Of each account, when it was monitored by the last node of its swarm.
    private sealed record Resumption(double[] Seconds, TimeSpan ListenerUse, CpuUse OthersUse);
}
