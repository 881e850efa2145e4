using System.Text.Json.Nodes;
using Sotto.Dev.Running;

namespace Sotto.Dev.Chaos;

/// <summary>Subscribes the browsers of a crowd at the simulated push service: endpoint and keys are made there, and come from no seed.</summary>
internal static class Browsers
{
    /// <summary>The provider, as clients name it.</summary>
    public const string Service = "webpush";

    public static async Task SubscribeAsync(ChaosWorld world, Crowd crowd, CancellationToken cancellation)
    {
        var providers = await HttpProbe.GetAsync(new Uri(world.State.Api!, "/providers"), cancellation) ?? throw new DevException("The server does not say what clients have to know.");
        var key = JsonNode.Parse(providers)![Service]?["applicationServerKey"]?.GetValue<string>() ?? throw new DevException("The server does not say its key for Web Push.");
        foreach (var device in crowd.Devices.Where(device => device.Service == Service))
            device.Subscription = await world.Control(SimulatorCatalogue.WebPush).PostAsync("/subscriptions", new JsonObject { ["applicationServerKey"] = key }, cancellation);
    }
}
