using System.Text.Json;
using Sotto.Contracts;
using Sotto.Delivery;

namespace StubSender;

/// <summary>Hands one encrypted push to nobody.</summary>
internal sealed class StubPushProvider(StubSettings settings, TimeProvider clock) : IPushProvider
{
    public string Name => Provider.Dummy;

    public int InFlightMax => settings.InFlight;

    public async Task<DeliveryOutcome> SendAsync(EncryptedPush push, string deviceToken, CancellationToken cancellationToken)
    {
        // A real sender calls its vendor's client here, and hands it what its Payload makes of the envelope.
        if (settings.AnswerMilliseconds > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(settings.AnswerMilliseconds), clock, cancellationToken);
        return StubOutcome.Of(settings.Status);
    }

    public DeviceReading Read(JsonElement serviceInfo) => StubDevice.Read(serviceInfo);

    public void Dispose()
    {
        // A real sender disposes of its vendor's client.
    }
}
