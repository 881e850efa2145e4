using System.CommandLine;
using System.Text.Json.Nodes;
using RabbitMQ.Client;
using Sotto.Bench.Running;
using Sotto.Cli.Load;
using Sotto.Contracts;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;
using Sotto.FakePhone;
using Sotto.LocalServers.Processes;

namespace Sotto.Bench.Storm;

/// <summary>What the phones of living providers notice when another provider is dead and its pushes pile up.</summary>
internal sealed class StormBench : IBench
{
    private const int Phones = 100;
    private const int WarmUpSeconds = 5;

    // For each provider: well below saturation, so that what is seen is the neighbour and not the machine.
    private const int MessagesPerSecond = 150;

    // A p99 needs many samples; so many times --seconds.
    private const int SecondsFactor = 2;

    private static readonly (string Provider, string Simulator)[] Living = [(Provider.Apns, SimulatorCatalogue.Apns), (Provider.Firebase, SimulatorCatalogue.Fcm)];
    private static readonly (string Provider, string Simulator) Dying = (Provider.Huawei, SimulatorCatalogue.Hms);

    // The sender has noticed by then, and the first pushes are parked.
    private static readonly TimeSpan StormGathers = TimeSpan.FromSeconds(5);

    public string Name => "storm";

    public string Description => "latency of the other providers before and while one of them is dead and its pushes pile up";

    public async Task<Report> RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var report = new Report();
        await using var system = await context.StartSystemAsync(
            context.PlanOf(ServiceCatalogue.Api, ServiceCatalogue.Listener, ServiceCatalogue.Encryptor, ServiceCatalogue.Apns, ServiceCatalogue.Fcm, ServiceCatalogue.Huawei), cancellation);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var loads = Living.Append(Dying).Select((provider, number) => new ProviderLoad(system, http, provider.Provider, provider.Simulator, seed: number + 1)).ToList();
        context.Say($"{Phones} phones of each provider subscribe ...");
        foreach (var load in loads)
            await load.SubscribeAsync(cancellation);
        context.Say("warming up ...");
        await Task.WhenAll(loads.Select(load => load.RunAsync(WarmUpSeconds, cancellation)));

        var seconds = SecondsFactor * context.Options.Seconds;
        context.Say($"{MessagesPerSecond} messages a second for each provider, {seconds} s ...");
        var before = await Task.WhenAll(loads.Select(load => load.RunAsync(seconds, cancellation)));

        context.Say($"{Dying.Simulator} is killed; the same once more ...");
        await system.State.Simulators.First(simulator => simulator.Name == Dying.Simulator).Process.StopAsync(TimeSpan.FromSeconds(5), StopSignal.Kill, cancellation);
        using var storming = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var storm = loads[^1].StoreOnlyAsync(seconds + (int)StormGathers.TotalSeconds, storming.Token);
        await Task.Delay(StormGathers, cancellation);
        var during = await Task.WhenAll(loads.SkipLast(1).Select(load => load.RunAsync(seconds, cancellation)));
        await storm;

        for (var number = 0; number < during.Length; number++)
            Add(report, Living[number].Provider, before[number], during[number]);
        report.Add($"{Dying.Provider}_frames_waiting", await FramesWaitingAsync(system.State.Broker!.Amqp, Dying.Provider, cancellation));
        report.Note($"{MessagesPerSecond} messages a second for each of three providers, timed from when each was due to be stored until its provider had read it; during, {Dying.Simulator} is a killed process.");
        return report;
    }

    private static void Add(Report report, string provider, PhaseReport before, PhaseReport during)
    {
        foreach (var (name, share) in (IEnumerable<(string, double)>)[("p50", 0.5), ("p99", 0.99)])
        {
            var (calm, storm) = (before.Latencies.Percentile(share).TotalMilliseconds, during.Latencies.Percentile(share).TotalMilliseconds);
            report.Add($"{provider}_{name}_ms_before", calm);
            report.Add($"{provider}_{name}_ms_during", storm, "before", calm);
        }

        report.Add($"{provider}_lost", Sum(LoadOutcome.Lost));
        report.Add($"{provider}_duplicated", Sum(LoadOutcome.Duplicate));

        double Sum(string outcome) => before.Outcomes.GetValueOrDefault(outcome) + during.Outcomes.GetValueOrDefault(outcome);
    }

    // Those in the sender's queue; what the sender holds or has parked comes on top.
    private static async Task<long> FramesWaitingAsync(Uri amqp, string provider, CancellationToken cancellation)
    {
        await using var connection = await new ConnectionFactory { Uri = amqp }.CreateConnectionAsync(cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        return await channel.MessageCountAsync(Provider.PushQueue(provider), cancellation);
    }

    /// <summary>The phones of one provider, and messages for them: the same that <c>sotto load</c> does.</summary>
    private sealed class ProviderLoad(BenchSystem system, HttpMessageInvoker http, string provider, string simulator, int seed)
    {
        private readonly LoadPlan _plan = new()
        {
            Api = system.State.Api!,
            Route = new Route.Plain(),
            Provider = provider,
            Rate = Phones,
            Subscriptions = Phones,
            Seed = seed,
            Array = 10,
            Seconds = 0,
            MessageRate = MessagesPerSecond,
            MessageBytes = 300,
            Keep = true,
            CleanUpOnly = false,
            Simulators = new SimulatorDoors(ControlOf(system, SimulatorCatalogue.Swarm), ControlOf(system, simulator)),
        };

        private readonly ControlClient _swarm = ControlClient.Of(system.State, SimulatorCatalogue.Swarm);
        private readonly LiveLine _line = new(new RootCommand().Parse([]), TimeProvider.System);

        public async Task SubscribeAsync(CancellationToken cancellation)
        {
            var report = await Load(_plan).SubscribeAsync(cancellation);
            if (report.Failed > 0)
                throw new BenchException($"Not all phones of {_plan.Provider} could subscribe: {report.Line()}");
        }

        /// <summary>Stores messages for so long and watches them arrive.</summary>
        public async Task<PhaseReport> RunAsync(int seconds, CancellationToken cancellation)
        {
            var plan = _plan with { Seconds = seconds };
            var messages = new MessageRun(plan, Load(plan), http, _line, TimeProvider.System);
            await messages.WaitUntilMonitoredAsync(cancellation);
            return await messages.RunAsync(cancellation);
        }

        /// <summary>Stores messages for so long, whatever becomes of them.</summary>
        public async Task StoreOnlyAsync(int seconds, CancellationToken cancellation)
        {
            var load = Load(_plan);
            var accounts = new JsonArray([.. Enumerable.Range(0, Phones).Select(number => (JsonNode)load.PhoneOf(number).Account.Hex)]);
            for (var second = 0; second < seconds; second++)
                await _swarm.PostAsync("/flood", new JsonObject { ["count"] = MessagesPerSecond, ["rate"] = MessagesPerSecond, ["accounts"] = accounts.DeepClone(), ["size"] = _plan.MessageBytes }, cancellation);
        }

        private LoadRun Load(LoadPlan plan) => new(plan, http, _line, TimeProvider.System);

        private static Uri ControlOf(BenchSystem system, string simulator) =>
            new(SimulatorCatalogue.Text(system.State.Simulators.First(program => program.Name == simulator).Ready!, "control"));
    }
}
