using Sotto.Hms;

namespace HuaweiSender;

/// <summary>The message around an envelope, exactly as Session's apps expect it (session-v2 section 8.4).</summary>
internal static class HuaweiPayload
{
    /// <summary>Puts the envelope in. The result may be more than Huawei takes.</summary>
    // Base64 needs no escaping, so the JSON inside the JSON string can be put together as it is.
    public static HmsMessage Wrap(byte[] envelope, string deviceToken, bool highUrgency) => new()
    {
        Data = $$"""{"enc_payload":"{{Convert.ToBase64String(envelope)}}","spns":"1"}""",
        Tokens = [deviceToken],
        Urgency = highUrgency ? HmsMessage.High : HmsMessage.Normal,
    };

    /// <summary>What Huawei's limit is about.</summary>
    public static int BytesWithoutTokens(HmsMessage message) => (message with { Tokens = [] }).ToJson().Length;
}
