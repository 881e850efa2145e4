using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sotto.Fcm;

/// <summary>A data message for one device, as Google wants it (providers.md section 4.3). Exactly one of <see cref="Token"/> and <see cref="Fid"/> is set.</summary>
public sealed record FcmMessage
{
    /// <summary>Most bytes of the keys and values of <see cref="Data"/> together, in UTF-8.</summary>
    public const int DataBytesMax = 4096;

    // The default encoder would write each "+" of base64 as six characters. This text is never put into HTML.
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Registration token of the device. Secret.</summary>
    public string? Token { get; init; }

    /// <summary>Firebase installation id, the newer way to name a device. Secret.</summary>
    public string? Fid { get; init; }

    /// <summary>What the app is given. Keys must not be <c>from</c> or <c>message_type</c>, nor start with <c>google</c> or <c>gcm</c>.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Data { get; init; }

    /// <summary><c>high</c> or <c>normal</c>; null leaves it out, which is normal for data messages.</summary>
    public string? AndroidPriority { get; init; }

    /// <summary>How long Google keeps it for an absent device: whole seconds, 0 to 28 days; null leaves it out (28 days).</summary>
    public TimeSpan? AndroidTtl { get; init; }

    /// <summary>Messages of one collapse key replace each other; at most four keys are kept for a device; null for none.</summary>
    public string? AndroidCollapseKey { get; init; }

    /// <summary>True for a dry run.</summary>
    public bool ValidateOnly { get; init; }

    /// <summary>Bytes that count against <see cref="DataBytesMax"/>.</summary>
    public int DataBytes => Data.Sum(entry => Encoding.UTF8.GetByteCount(entry.Key) + Encoding.UTF8.GetByteCount(entry.Value));

    /// <summary>The request's body.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(DataBytesMax + 1024);
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteStartObject("message");
            WriteData(json);
            WriteAndroid(json);
            if (Token is not null)
                json.WriteString("token", Token);
            if (Fid is not null)
                json.WriteString("fid", Fid);
            json.WriteEndObject();
            json.WriteBoolean("validate_only", ValidateOnly);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <inheritdoc/>
    // A record would print the token and the data.
    public override string ToString() => $"{nameof(FcmMessage)} of {DataBytes} bytes";

    private void WriteData(Utf8JsonWriter json)
    {
        json.WriteStartObject("data");
        foreach (var (key, value) in Data)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    private void WriteAndroid(Utf8JsonWriter json)
    {
        if (AndroidPriority is null && AndroidTtl is null && AndroidCollapseKey is null)
            return;
        json.WriteStartObject("android");
        if (AndroidPriority is not null)
            json.WriteString("priority", AndroidPriority);
        if (AndroidTtl is { } ttl)
            json.WriteString("ttl", FormattableString.Invariant($"{(long)ttl.TotalSeconds}s"));
        if (AndroidCollapseKey is not null)
            json.WriteString("collapse_key", AndroidCollapseKey);
        json.WriteEndObject();
    }
}
