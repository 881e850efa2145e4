using System.Text.Json;
using Sotto.Contracts;

namespace Sotto.Delivery;

/// <summary>One app at one provider, seen from the queue of its pushes. A new provider implements this and nothing else of the bus. Thread-safe.</summary>
public interface IPushProvider : IDisposable
{
    /// <summary>The provider's name; see <see cref="Provider"/>.</summary>
    public string Name { get; }

    /// <summary>Most attempts that it can make at one time.</summary>
    public int InFlightMax { get; }

    /// <summary>Most attempts that this sender makes in any minute, so that a backlog does not break the provider's quota; null where there is none.</summary>
    public int? PerMinuteMax => null;

    /// <summary>Makes one attempt at handing the push over. Everything that a provider or a network can do is an outcome.</summary>
    /// <param name="push">What to hand over. Its payload is opaque.</param>
    /// <param name="deviceToken">To whom: the token that <see cref="Read"/> gave. Secret.</param>
    /// <param name="cancellationToken">Cancelled when the sender is told to stop at once.</param>
    public Task<DeliveryOutcome> SendAsync(EncryptedPush push, string deviceToken, CancellationToken cancellationToken);

    /// <summary>Reads what a client says of the device that it wants to subscribe. Asks nobody: what the provider itself thinks shows at the first push.</summary>
    /// <param name="serviceInfo">The client's <c>service_info</c>, a JSON object. Secret.</param>
    public DeviceReading Read(JsonElement serviceInfo);
}
