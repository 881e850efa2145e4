using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sotto.Hms;

/// <summary>A data ("pass-through") message, as Huawei wants it (providers.md section 5.4).</summary>
public sealed record HmsMessage
{
    /// <summary>Most bytes of the body without the tokens.</summary>
    public const int BodyBytesMax = 4096;

    /// <summary>Most tokens in one request.</summary>
    public const int TokensMax = 1000;

    /// <summary>Value of <see cref="Urgency"/>: wakes the app; needs a permission from Huawei.</summary>
    public const string High = "HIGH";

    /// <summary>Value of <see cref="Urgency"/>: when it suits the device.</summary>
    public const string Normal = "NORMAL";

    // The default encoder would write each "+" of base64 as six characters. This text is never put into HTML.
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the app is given: a string, often with JSON in it.</summary>
    public required string Data { get; init; }

    /// <summary>1 to <see cref="TokensMax"/> device tokens, none twice. Secret.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary><see cref="High"/> or <see cref="Normal"/>; null leaves it out (normal).</summary>
    public string? Urgency { get; init; }

    /// <summary>How long Huawei keeps it for an absent device, at most 15 days; null leaves it out (one day).</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>-1 keeps all for an absent device, 0 only the newest, 1 to 100 are groups; null leaves it out (-1).</summary>
    public int? CollapseKey { get; init; }

    /// <summary>Such as <c>IM</c>; needs a right from Huawei; null leaves it out.</summary>
    public string? Category { get; init; }

    /// <summary>True for a check only.</summary>
    public bool ValidateOnly { get; init; }

    /// <summary>The request's body.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(BodyBytesMax + 512);
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteBoolean("validate_only", ValidateOnly);
            json.WriteStartObject("message");
            json.WriteString("data", Data);
            WriteAndroid(json);
            json.WriteStartArray("token");
            foreach (var token in Tokens)
                json.WriteStringValue(token);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <inheritdoc/>
    // A record would print the tokens and the data.
    public override string ToString() => $"{nameof(HmsMessage)} for {Tokens.Count} tokens";

    private void WriteAndroid(Utf8JsonWriter json)
    {
        if (Urgency is null && Ttl is null && CollapseKey is null && Category is null)
            return;
        json.WriteStartObject("android");
        if (Urgency is not null)
            json.WriteString("urgency", Urgency);
        if (Ttl is { } ttl)
            json.WriteString("ttl", FormattableString.Invariant($"{(long)ttl.TotalSeconds}s"));
        if (CollapseKey is { } key)
            json.WriteNumber("collapse_key", key);
        if (Category is not null)
            json.WriteString("category", Category);
        json.WriteEndObject();
    }
}
