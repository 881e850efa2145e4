using System.Buffers.Text;

namespace ApnsSender;

/// <summary>The JSON around an envelope, exactly as Session's apps expect it (session-v2 section 8.1).</summary>
internal static class ApnsPayload
{
    private static ReadOnlySpan<byte> Before =>
        """
        {"aps":{"alert":{"title":"Session","body":"You've got a new message"},"badge":1,"sound":"default","mutable-content":1,"category":"SECRET"},"spns":1,"enc_payload":"
        """u8;

    private static ReadOnlySpan<byte> After => "\"}"u8;

    /// <summary>Puts the envelope in. The result may be more than Apple takes.</summary>
    public static byte[] Wrap(ReadOnlySpan<byte> envelope)
    {
        var encoded = Base64.GetMaxEncodedToUtf8Length(envelope.Length);
        var body = new byte[Before.Length + encoded + After.Length];
        Before.CopyTo(body);
        Base64.EncodeToUtf8(envelope, body.AsSpan(Before.Length, encoded), out _, out _);
        After.CopyTo(body.AsSpan(Before.Length + encoded));
        return body;
    }
}
