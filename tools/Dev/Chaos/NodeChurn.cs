using System.Globalization;
using System.Text.Json.Nodes;
using Sotto.Dev.Demo;
using Sotto.Dev.Running;

namespace Sotto.Dev.Chaos;

/// <summary>What goes wrong in the simulated storage network.</summary>
internal sealed class NodeChurn(ChaosWorld world)
{
    private const double DropRate = 0.5;
    private const int DelayMilliseconds = 500;
    private const int SwarmsMin = 2;
    private static readonly string[] Lies = ["garbage", "foreign-account", "length-overflow", "short-hash", "oversize-part"];

    private ControlClient Swarm => world.Control(SimulatorCatalogue.Swarm);

    /// <summary>Does one thing, and undoes it after its time.</summary>
    public async Task<string> DoAsync(PlannedFault fault, CancellationToken cancellation)
    {
        var node = int.Parse(fault.Target, CultureInfo.InvariantCulture);
        switch (fault.Detail)
        {
            case "restart":
                await OrderAsync(new JsonObject { ["kind"] = "restart", ["node"] = node }, cancellation);
                return "";
            case "lie":
                await OrderAsync(new JsonObject { ["kind"] = "lie", ["node"] = node, ["lie"] = Lies[node % Lies.Length], ["count"] = 3 }, cancellation);
                return "";
            case "split" or "merge":
                return await RearrangeAsync(fault.Detail, cancellation);
            default:
                await OrderAsync(Begin(fault.Detail, node), cancellation);
                await Task.Delay(TimeSpan.FromSeconds(fault.Seconds), TimeProvider.System, cancellation);
                await OrderAsync(End(fault.Detail, node), cancellation);
                return "";
        }
    }

    /// <summary>Every node is up, speaks, and has an address; the swarms stay as they are.</summary>
    public async Task RestoreAsync(CancellationToken cancellation)
    {
        foreach (var kind in (string[])["speak", "show-address"])
            await OrderAsync(new JsonObject { ["kind"] = kind }, cancellation);
        await OrderAsync(new JsonObject { ["kind"] = "drop", ["rate"] = 0 }, cancellation);
        await OrderAsync(new JsonObject { ["kind"] = "delay", ["milliseconds"] = 0 }, cancellation);
        await OrderAsync(new JsonObject { ["kind"] = "block" }, cancellation);
    }

    private static JsonObject Begin(string detail, int node) => detail switch
    {
        "drop" => new JsonObject { ["kind"] = "drop", ["node"] = node, ["rate"] = DropRate },
        "delay" => new JsonObject { ["kind"] = "delay", ["node"] = node, ["milliseconds"] = DelayMilliseconds },
        "oxend-down" => new JsonObject { ["kind"] = "oxend-down" },
        _ => new JsonObject { ["kind"] = detail, ["node"] = node },
    };

    private static JsonObject End(string detail, int node) => detail switch
    {
        "drop" => new JsonObject { ["kind"] = "drop", ["node"] = node, ["rate"] = 0 },
        "delay" => new JsonObject { ["kind"] = "delay", ["node"] = node, ["milliseconds"] = 0 },
        "oxend-down" => new JsonObject { ["kind"] = "oxend-up" },
        "down" => new JsonObject { ["kind"] = "up", ["node"] = node },
        "silence" => new JsonObject { ["kind"] = "speak", ["node"] = node },
        _ => new JsonObject { ["kind"] = "show-address", ["node"] = node },
    };

    private async Task<string> RearrangeAsync(string how, CancellationToken cancellation)
    {
        var swarms = (await Swarm.GetAsync("/state", cancellation))["swarms"]!.AsArray()
            .Select(swarm => (Id: swarm!["swarm"]!.ToString(), Nodes: swarm["nodes"]!.GetValue<int>())).OrderByDescending(swarm => swarm.Nodes).ToList();
        // Where there are no swarms to do the one with, there are for the other.
        var isSplit = swarms[0].Nodes > 1 && (how == "split" || swarms.Count <= SwarmsMin);
        if (isSplit)
            await OrderAsync(new JsonObject { ["kind"] = "split", ["swarm"] = swarms[0].Id }, cancellation);
        else
            await OrderAsync(new JsonObject { ["kind"] = "merge", ["swarm"] = swarms[0].Id, ["from"] = swarms[^1].Id }, cancellation);
        return isSplit == (how == "split") ? "" : "the other way round";
    }

    private Task<JsonObject> OrderAsync(JsonObject order, CancellationToken cancellation) => Swarm.PostAsync("/faults", order, cancellation);
}
