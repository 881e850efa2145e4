using System.Text;

namespace WebPushSender;

/// <summary>The Web Push plaintext around an envelope: the two members that Session's Android app knows from Firebase, as JSON text, in this one shape.</summary>
internal static class WebPushPayload
{
    /// <summary>Puts the envelope in. The result may be more than push services take.</summary>
    public static byte[] Wrap(byte[] envelope) => Encoding.ASCII.GetBytes($$"""{"enc_payload":"{{Convert.ToBase64String(envelope)}}","spns":"1"}""");
}
