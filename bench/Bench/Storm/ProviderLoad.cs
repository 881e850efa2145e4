using System.CommandLine;
using System.Text.Json.Nodes;
using Sotto.Bench.Running;
using Sotto.Cli.Load;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;
using Sotto.FakePhone;

namespace Sotto.Bench.Storm;

/// <summary>The phones of one provider, and messages for them: the same that <c>sotto load</c> does.</summary>
internal sealed class ProviderLoad(BenchSystem system, HttpMessageInvoker http, string provider, string simulator, int seed)
{
    // For each provider: well below saturation, so that what is seen is the neighbour and not the machine.
    public const int MessagesPerSecond = 50;

    private const int Phones = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

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

    private readonly ControlClient _provider = ControlClient.Of(system.State, simulator);
    private readonly LiveLine _line = new(new RootCommand().Parse([]), TimeProvider.System);

    public async Task SubscribeAsync(CancellationToken cancellation)
    {
        var report = await Load(_plan).SubscribeAsync(cancellation);
        if (report.Failed > 0)
            throw new BenchException($"Not all phones of {_plan.Provider} could subscribe: {report.Line()}");
    }

    /// <summary>Stores messages for so long and watches them arrive.</summary>
    public Task<PhaseReport> RunAsync(int seconds, CancellationToken cancellation) => RunAsync(seconds, Patience, cancellation);

    /// <summary>The same; lost is what has not come when nothing has come for <paramref name="patience"/>.</summary>
    public async Task<PhaseReport> RunAsync(int seconds, TimeSpan patience, CancellationToken cancellation)
    {
        var plan = _plan with { Seconds = seconds };
        var messages = new MessageRun(plan, Load(plan), http, _line, TimeProvider.System) { ArrivalPatience = patience };
        await messages.WaitUntilMonitoredAsync(cancellation);
        var report = await messages.RunAsync(cancellation);
        return messages.NotMonitored == 0 && report.Outcomes.GetValueOrDefault(LoadOutcome.NotStored) == 0
            ? report
            : throw new BenchException($"Not all phones of {_plan.Provider} were monitored, or not all messages for them stored: {report.Line()}");
    }

    /// <summary>How many notifications the provider has taken.</summary>
    public async Task<long> TakenAsync(CancellationToken cancellation) => (await _provider.GetAsync("/ledger", cancellation))["accepted"]!.GetValue<long>();

    /// <summary>How many requests the provider has refused for this reason.</summary>
    public async Task<long> RefusedAsync(string reason, CancellationToken cancellation) =>
        (await _provider.GetAsync("/ledger", cancellation))["refused"]![reason]?.GetValue<long>() ?? 0;

    /// <summary>The provider refuses every connection.</summary>
    public Task KillAsync(CancellationToken cancellation) => _provider.PostAsync("/faults", new JsonObject { ["kind"] = "refuse", ["count"] = 0 }, cancellation);

    /// <summary>It is as before.</summary>
    public Task ReviveAsync(CancellationToken cancellation) => _provider.DeleteAsync("/faults", cancellation);

    private LoadRun Load(LoadPlan plan) => new(plan, http, _line, TimeProvider.System);

    private static Uri ControlOf(BenchSystem system, string simulator) =>
        new(SimulatorCatalogue.Text(system.State.Simulators.First(program => program.Name == simulator).Ready!, "control"));
}
