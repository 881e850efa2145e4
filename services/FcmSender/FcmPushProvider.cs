using System.Text.Json;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Fcm;

namespace FcmSender;

/// <summary>Hands one encrypted push to Google.</summary>
internal sealed class FcmPushProvider(CredentialedClient<FcmClient> client, FcmAppSettings settings, TimeProvider clock) : IPushProvider
{
    public string Name => Provider.Firebase;

    public int InFlightMax => client.Current.Connections.InFlightMax;

    public int? PerMinuteMax => settings.MessagesPerMinuteMax;

    public async Task<DeliveryOutcome> SendAsync(EncryptedPush push, string deviceToken, CancellationToken cancellationToken)
    {
        var message = FcmPayload.Wrap(push.Payload, deviceToken, settings.HighPriority && push.Urgency == PushUrgency.High);
        if (message.DataBytes > FcmMessage.DataBytesMax)
            return new DeliveryOutcome.PayloadBad("message too big");
        return await client.SendAsync(async google => FcmOutcome.Of(await google.SendAsync(message, push.ExpiresAt, cancellationToken), clock.GetUtcNow()));
    }

    public DeviceReading Read(JsonElement serviceInfo) => DeviceReading.OfToken(serviceInfo, Refuse);

    public void Dispose() => client.Dispose();

    // Session's rule (session-v2 section 8.3). Google itself judges the rest.
    private static string? Refuse(string deviceToken) => deviceToken.Length > 0 ? null : "Invalid firebase device token";
}
