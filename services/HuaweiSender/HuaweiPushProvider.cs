using System.Text.Json;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Hms;

namespace HuaweiSender;

/// <summary>Hands one encrypted push to Huawei. Each is encrypted for one device, so each is a request of its own.</summary>
internal sealed class HuaweiPushProvider(CredentialedClient<HmsClient> client, HuaweiAppSettings settings, TimeProvider clock, ILogger logger) : IPushProvider
{
    private int _highIsForbidden;

    public string Name => Provider.Huawei;

    public int InFlightMax => client.Current.Connections.InFlightMax;

    public int? PerMinuteMax => settings.MessagesPerMinuteMax;

    public async Task<DeliveryOutcome> SendAsync(EncryptedPush push, string deviceToken, CancellationToken cancellationToken)
    {
        var high = push.Urgency == PushUrgency.High && Volatile.Read(ref _highIsForbidden) == 0;
        var message = HuaweiPayload.Wrap(push.Payload, deviceToken, high);
        if (HuaweiPayload.BytesWithoutTokens(message) > HmsMessage.BodyBytesMax)
            return new DeliveryOutcome.PayloadBad("80300008");
        return await client.SendAsync(huawei => SendAsync(huawei, push, message, deviceToken, high, cancellationToken));
    }

    public DeviceReading Read(JsonElement serviceInfo) => DeviceReading.OfToken(serviceInfo, Refuse);

    public void Dispose() => client.Dispose();

    private async Task<DeliveryOutcome> SendAsync(HmsClient huawei, EncryptedPush push, HmsMessage message, string deviceToken, bool high, CancellationToken cancellationToken)
    {
        var response = await huawei.SendAsync(message, push.ExpiresAt, cancellationToken);
        if (high && response.Code == HmsCode.HighUrgencyForbidden)
        {
            // Late is better than never, but somebody must ask Huawei for the permission.
            if (Interlocked.Exchange(ref _highIsForbidden, 1) == 0)
                logger.HighUrgencyForbidden();
            response = await huawei.SendAsync(message with { Urgency = HmsMessage.Normal }, push.ExpiresAt, cancellationToken);
        }

        return HuaweiOutcome.Of(response, deviceToken, clock.GetUtcNow());
    }

    // Session's rule (session-v2 section 8.4). Huawei itself judges the rest.
    private static string? Refuse(string deviceToken) => deviceToken.Length > 0 ? null : "Invalid huawei device token";
}
