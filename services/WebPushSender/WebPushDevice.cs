using System.Text.Json;
using System.Text.Json.Serialization;
using Sotto.Delivery;
using Sotto.WebPush;

namespace WebPushSender;

/// <summary>What reaches one device: endpoint and the two keys of its subscription, as a browser or a UnifiedPush distributor gave them out.</summary>
/// <param name="Endpoint">Where to post; also by what the device is recognised.</param>
/// <param name="PublicKey">Its public key, base64.</param>
/// <param name="AuthSecret">Its authentication secret, base64.</param>
internal sealed record WebPushDevice(
    [property: JsonPropertyName("endpoint")] string Endpoint,
    [property: JsonPropertyName("p256dh")] string PublicKey,
    [property: JsonPropertyName("auth")] string AuthSecret)
{
    /// <summary>
    /// Reads a client's <c>service_info</c>: <c>{"endpoint","keys":{"p256dh","auth"}}</c>, which is what a browser's subscription is as JSON, or the same three flat.
    /// </summary>
    public static DeviceReading Read(JsonElement serviceInfo, EndpointRules rules)
    {
        var keys = serviceInfo.TryGetProperty("keys", out var nested) && nested.ValueKind == JsonValueKind.Object ? nested : serviceInfo;
        if (!serviceInfo.TryGetProperty("endpoint", out var endpoint))
            return DeviceReading.Lacks("endpoint");
        if (!keys.TryGetProperty("p256dh", out var publicKey))
            return DeviceReading.Lacks("p256dh");
        if (!keys.TryGetProperty("auth", out var secret))
            return DeviceReading.Lacks("auth");
        var (url, p256dh, auth) = (DeviceReading.TextOf(endpoint), DeviceReading.TextOf(publicKey), DeviceReading.TextOf(secret));
        if (WebPushSubscription.TryCreate(url, p256dh, auth, rules, out _) is { } wrong)
            return DeviceReading.Refused($"Invalid webpush subscription: {wrong}");
        var token = JsonSerializer.Serialize(new WebPushDevice(url!, p256dh!, auth!), WebPushDeviceJson.Default.WebPushDevice);
        return DeviceReading.Taken(token, serviceId: url!);
    }

    /// <summary>Reads a device token that <see cref="Read"/> made. Null when it is none, or its endpoint is not allowed.</summary>
    public static WebPushSubscription? Open(string token, EndpointRules rules)
    {
        try
        {
            var device = JsonSerializer.Deserialize(token, WebPushDeviceJson.Default.WebPushDevice);
            WebPushSubscription.TryCreate(device?.Endpoint, device?.PublicKey, device?.AuthSecret, rules, out var subscription);
            return subscription;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => "[REDACTED]";
}

[JsonSerializable(typeof(WebPushDevice))]
internal sealed partial class WebPushDeviceJson : JsonSerializerContext;
