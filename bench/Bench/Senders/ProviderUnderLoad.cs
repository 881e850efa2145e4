using System.Text.Json.Nodes;
using Sotto.Bench.Running;
using Sotto.Dev.Demo;

namespace Sotto.Bench.Senders;

/// <summary>The simulated provider behind one sender: how slow it shall be, and what it has taken.</summary>
internal sealed class ProviderUnderLoad(BenchSystem system, string simulator)
{
    private readonly ControlClient _control = ControlClient.Of(system.State, simulator);

    /// <summary>Forgets what it has taken; from now on each answer is given so much later.</summary>
    public async Task BeginAsync(int latencyMilliseconds, CancellationToken cancellation)
    {
        await _control.PostAsync("/reset", [], cancellation);
        if (latencyMilliseconds > 0)
            await _control.PostAsync("/faults", new JsonObject { ["kind"] = "delay", ["delayMs"] = latencyMilliseconds, ["count"] = 0, ["path"] = PathOf(simulator) }, cancellation);
    }

    /// <summary>Notifications that it has taken.</summary>
    public async Task<long> AcceptedAsync(CancellationToken cancellation) => (await _control.GetAsync("/stats", cancellation))["accepted"]!.GetValue<long>();

    /// <summary>Those taken, and those among them that it had taken before.</summary>
    public async Task<(long Accepted, long Duplicates)> LedgerAsync(CancellationToken cancellation)
    {
        var ledger = await _control.GetAsync("/ledger", cancellation);
        return (ledger["accepted"]!.GetValue<long>(), ledger["duplicates"]!.GetValue<long>());
    }

    /// <summary>The first request that it has taken and still knows.</summary>
    public async Task<JsonObject> TakenAsync(CancellationToken cancellation) =>
        (await _control.GetAsync("/received", cancellation))["items"]!.AsArray().Select(item => item!.AsObject()).FirstOrDefault(item => item["accepted"]!.GetValue<bool>())
        ?? throw new BenchException($"{simulator} has taken nothing.");

    // Access tokens are given without delay: they are fetched once an hour.
    private static string PathOf(string simulator) => simulator switch { "FakeApns" => "/3/device/", "FakeFcm" => "messages:send", "FakeHms" => "messages:send", _ => "/" };
}
