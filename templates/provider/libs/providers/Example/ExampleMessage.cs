using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sotto.Example;

/// <summary>One message for one device, in the vendor's words.</summary>
/// <param name="Token">The device.</param>
/// <param name="Data">What its app reads.</param>
/// <param name="TtlSeconds">How long the vendor keeps it while the device is away.</param>
public sealed record ExampleMessage(string Token, string Data, long TtlSeconds)
{
    /// <summary>Longest body that the vendor takes, in bytes.</summary>
    public const int BodyBytesMax = 4096;

    // The default encoder would write each "+" of base64 as six characters, and the largest envelopes would not fit. This text is never put into HTML.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The body of the request.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new { token = Token, data = Data, ttl = TtlSeconds }, Plain);

    /// <inheritdoc/>
    // A record would print token and data.
    public override string ToString() => nameof(ExampleMessage);
}
