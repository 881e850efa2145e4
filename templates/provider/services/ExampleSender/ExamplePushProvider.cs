using System.Text.Json;
using Sotto.Contracts;
using Sotto.Delivery;
using Sotto.Example;

namespace ExampleSender;

/// <summary>Hands one encrypted push to Example.</summary>
internal sealed class ExamplePushProvider(ExampleClient client, TimeProvider clock) : IPushProvider
{
    private const int TokenLengthMin = 32;
    private const int TokenLengthMax = 512;

    public string Name => ExampleProvider.Name;

    public int InFlightMax => client.Connections.InFlightMax;

    public async Task<DeliveryOutcome> SendAsync(EncryptedPush push, string deviceToken, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var message = ExamplePayload.Wrap(push, deviceToken, now);
        if (message.ToJson().Length > ExampleMessage.BodyBytesMax)
            return new DeliveryOutcome.PayloadBad("message too big");
        return ExampleOutcome.Of(await client.SendAsync(message, push.ExpiresAt, cancellationToken), now);
    }

    public DeviceReading Read(JsonElement serviceInfo) => DeviceReading.OfToken(serviceInfo, Refuse);

    public void Dispose() => client.Dispose();

    // Only what no token of the vendor's can be; whether it is one, the vendor itself says at the first push.
    private static string? Refuse(string deviceToken) =>
        deviceToken.Length is >= TokenLengthMin and <= TokenLengthMax && deviceToken.All(char.IsAsciiLetterOrDigit) ? null : "Invalid example device token";
}
