using System.Text.Json.Nodes;
using Sotto.Dev.Running;

namespace Sotto.Dev.Demo;

/// <summary>The simulated network's control endpoint, as the demo uses it.</summary>
internal sealed class SwarmControl(RunState state)
{
    private readonly ControlClient _control = ControlClient.Of(state, SimulatorCatalogue.Swarm);

    /// <summary>Stores a message and returns its hash; every member of the account's swarm then tells those who monitor the account.</summary>
    public async Task<string> StoreAsync(string account, int @namespace, byte[] data, CancellationToken cancellation)
    {
        var answer = await _control.PostAsync(
            "/store", new JsonObject { ["account"] = account, ["namespace"] = @namespace, ["data"] = Convert.ToBase64String(data) }, cancellation);
        return answer["hash"]!.GetValue<string>();
    }

    /// <summary>True when every node of the account's swarm has been asked to tell of its messages.</summary>
    public async Task<bool> IsMonitoredAsync(string account, CancellationToken cancellation)
    {
        var answer = await MonitoredAsync(account, cancellation);
        return Nodes(answer) >= answer["nodesUp"]!.GetValue<int>();
    }

    /// <summary>How many nodes have been asked to tell of the account's messages; several listeners count severally.</summary>
    public async Task<int> MonitorsAsync(string account, CancellationToken cancellation) => Nodes(await MonitoredAsync(account, cancellation));

    private Task<JsonObject> MonitoredAsync(string account, CancellationToken cancellation) => _control.GetAsync($"/monitored?account={account}", cancellation);

    private static int Nodes(JsonObject monitored) => monitored["monitors"]!.AsArray().Sum(monitor => monitor!["nodes"]!.GetValue<int>());
}
