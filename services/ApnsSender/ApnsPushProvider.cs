using System.Text.Json;
using Sotto.Apns;
using Sotto.Contracts;
using Sotto.Delivery;

namespace ApnsSender;

/// <summary>Hands one encrypted push to Apple.</summary>
internal sealed class ApnsPushProvider(string name, CredentialedClient<ApnsClient> client, ApnsAppSettings settings, TimeProvider clock) : IPushProvider
{
    // Session's rule (session-v2 section 8.1): characters are counted, not looked at. Apple itself judges the rest.
    private const int TokenLength = 64;

    public string Name => name;

    public int InFlightMax => client.Current.Connections.InFlightMax;

    public async Task<DeliveryOutcome> SendAsync(EncryptedPush push, string deviceToken, CancellationToken cancellationToken)
    {
        var body = ApnsPayload.Wrap(push.Payload);
        if (body.Length > ApnsNotification.BodyBytesMax)
            return new DeliveryOutcome.PayloadBad("PayloadTooLarge");
        var notification = new ApnsNotification(push.PushId, deviceToken, body)
        {
            Priority = push.Urgency == PushUrgency.High ? 10 : 5,
            Expiration = settings.SendExpiration ? push.ExpiresAt : null,
            NotAfter = push.ExpiresAt,
            CollapseId = settings.CollapseRepeats ? push.PushId.ToString("N") : null,
        };
        return await client.SendAsync(async apple => ApnsOutcome.Of(await apple.SendAsync(notification, cancellationToken), clock.GetUtcNow()));
    }

    public DeviceReading Read(JsonElement serviceInfo) => DeviceReading.OfToken(serviceInfo, Refuse);

    public void Dispose() => client.Dispose();

    private static string? Refuse(string deviceToken) =>
        deviceToken.EnumerateRunes().Count() is var length && length == TokenLength
            ? null
            : $"Invalid token: expected length-{TokenLength} device token, not {length}";
}
