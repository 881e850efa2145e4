using System.Text.Json;

namespace Sotto.Delivery;

/// <summary>What a provider makes of a client's <c>service_info</c>: a device that can be reached, or a refusal with the client's error code.</summary>
/// <remarks>Texts of JSON are read by <see cref="TextOf"/>, which takes everything that a client can spell.</remarks>
public sealed record DeviceReading
{
    // Error codes of session-v2 section 2.3.
    private const int BadInput = 1;
    private const int Error = 4;

    private DeviceReading()
    {
    }

    /// <summary>0 when the device is taken; else the error code for the client.</summary>
    public int ErrorCode { get; private init; }

    /// <summary>The sentence for the client; null when the device is taken.</summary>
    public string? Sentence { get; private init; }

    /// <summary>All that the sender needs to reach the device; it is sealed to the sender itself. Secret. Empty on refusal.</summary>
    public string Token { get; private init; } = "";

    /// <summary>By what the device is recognised again (session's service id): two registrations with the same one are the same device. Secret. Empty on refusal.</summary>
    public string ServiceId { get; private init; } = "";

    /// <summary>The device is taken, and its token says which device it is.</summary>
    public static DeviceReading Taken(string token) => Taken(token, token);

    /// <summary>The device is taken.</summary>
    public static DeviceReading Taken(string token, string serviceId) => new() { Token = token, ServiceId = serviceId };

    /// <summary>A key is missing in <c>service_info</c>.</summary>
    public static DeviceReading Lacks(string key) => new() { ErrorCode = BadInput, Sentence = $"Error: missing required key '{key}'" };

    /// <summary>Something else is wrong.</summary>
    /// <param name="sentence">For the client; repeats nothing secret.</param>
    public static DeviceReading Refused(string sentence) => new() { ErrorCode = Error, Sentence = sentence };

    /// <summary>Reads a client's <c>service_info</c> as it came.</summary>
    /// <param name="serviceInfo">JSON, perhaps.</param>
    /// <param name="read">What the provider makes of an object.</param>
    public static DeviceReading Parse(ReadOnlyMemory<byte> serviceInfo, Func<JsonElement, DeviceReading> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            using var json = JsonDocument.Parse(serviceInfo);
            return json.RootElement.ValueKind == JsonValueKind.Object ? read(json.RootElement) : Refused("Invalid service_info: expected an object");
        }
        // The second is what the parser says of names that are not Unicode. Either may quote the text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Refused("Invalid service_info: not JSON");
        }
    }

    /// <summary>Reads <c>{"token":"..."}</c>, as most providers have it.</summary>
    /// <param name="serviceInfo">A JSON object.</param>
    /// <param name="refuse">Null when the token will do; else a sentence for the client, without the token.</param>
    public static DeviceReading OfToken(JsonElement serviceInfo, Func<string, string?> refuse)
    {
        const string Key = "token";
        if (!serviceInfo.TryGetProperty(Key, out var value))
            return Lacks(Key);
        if (TextOf(value) is not { } token)
            return Refused("Invalid token: expected a string");
        return refuse(token) is { } sentence ? Refused(sentence) : Taken(token);
    }

    /// <summary>The text of a JSON value; null when it is none. JSON can spell half a surrogate pair, which is no text.</summary>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    // A record would print the token.
    public override string ToString() => ErrorCode == 0 ? "a device" : $"refused {ErrorCode}";
}
