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

    /// <summary>At how many nodes somebody monitors the account.</summary>
    public async Task<int> MonitorsAsync(string account, CancellationToken cancellation)
    {
        var answer = await _control.GetAsync($"/monitors?account={account}", cancellation);
        return answer["nodes"]!.GetValue<int>();
    }
}
