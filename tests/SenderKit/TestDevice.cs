using System.Text.Json;

namespace Sotto.SenderKit;

/// <summary>A device, as each of those who deal with it knows it. Most vendors have one token for all of them.</summary>
/// <param name="Token">All that the sender needs to reach it; what it keeps sealed.</param>
public sealed record TestDevice(string Token)
{
    /// <summary>By what the sender recognises it.</summary>
    public string ServiceId { get; init; } = Token;

    /// <summary>By what the simulated provider knows it, in its ledger, its token states and its faults.</summary>
    public string ProviderToken { get; init; } = Token;

    /// <summary>What its client says of it when it subscribes: <c>service_info</c>, a JSON object.</summary>
    public string ServiceInfo { get; init; } = JsonSerializer.Serialize(new { token = Token, more = 1 });

    /// <inheritdoc/>
    public override string ToString() => "a device";
}
