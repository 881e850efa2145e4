using Sotto.Contracts;
using Sotto.Example;

namespace ExampleSender;

/// <summary>The message around an envelope, as the app on the device expects it. Pure.</summary>
internal static class ExamplePayload
{
    /// <summary>Puts the envelope in. The result may be more than the vendor takes.</summary>
    // Base64 needs no escaping, so the JSON inside the JSON string can be put together as it is.
    public static ExampleMessage Wrap(EncryptedPush push, string deviceToken, DateTimeOffset now) => new(
        deviceToken,
        $$"""{"enc_payload":"{{Convert.ToBase64String(push.Payload)}}","spns":"1"}""",
        Math.Max(0, (long)(push.ExpiresAt - now).TotalSeconds));
}
