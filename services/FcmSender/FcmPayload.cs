using Sotto.Fcm;

namespace FcmSender;

/// <summary>The message around an envelope, exactly as Session's apps expect it (session-v2 section 8.3).</summary>
internal static class FcmPayload
{
    /// <summary>Puts the envelope in. The result may be more than Google takes.</summary>
    public static FcmMessage Wrap(byte[] envelope, string deviceToken, bool highPriority) => new()
    {
        Data = [new("enc_payload", Convert.ToBase64String(envelope)), new("spns", "1")],
        Token = deviceToken,
        AndroidPriority = highPriority ? "high" : null,
    };
}
