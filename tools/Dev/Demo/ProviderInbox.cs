using System.Text.Json.Nodes;

namespace Sotto.Dev.Demo;

/// <summary>What a simulated provider has accepted so far.</summary>
internal sealed class ProviderInbox(ControlClient control)
{
    /// <summary>Every notification that it accepted, in order.</summary>
    public async Task<IReadOnlyList<JsonObject>> AcceptedAsync(CancellationToken cancellation)
    {
        var answer = await control.GetAsync("/received?limit=10000", cancellation);
        return [.. answer["items"]!.AsArray().Select(item => item!.AsObject()).Where(item => item["accepted"]!.GetValue<bool>())];
    }
}
