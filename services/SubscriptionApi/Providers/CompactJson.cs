using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SubscriptionApi.Providers;

/// <summary>One spelling for every JSON value: no white space, object keys sorted, of keys given twice the last (session-v2 section 7.3).</summary>
internal static class CompactJson
{
    /// <summary>How deep a value may be nested.</summary>
    public const int DepthMax = 64;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = DepthMax + 1 };

    /// <summary>False when the value is nested too deeply.</summary>
    public static bool TryWrite(JsonElement value, [NotNullWhen(true)] out byte[]? json)
    {
        json = null;
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Options);
        if (!TryWrite(writer, value))
            return false;
        writer.Flush();
        json = buffer.WrittenSpan.ToArray();
        return true;
    }

    private static bool TryWrite(Utf8JsonWriter writer, JsonElement value)
    {
        if (writer.CurrentDepth > DepthMax)
            return false;
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                return TryWriteObject(writer, value);
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var element in value.EnumerateArray())
                {
                    if (!TryWrite(writer, element))
                        return false;
                }

                writer.WriteEndArray();
                return true;
            case JsonValueKind.String:
                writer.WriteStringValue(value.GetString());
                return true;
            default:
                writer.WriteRawValue(value.GetRawText());
                return true;
        }
    }

    private static bool TryWriteObject(Utf8JsonWriter writer, JsonElement value)
    {
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
            members[member.Name] = member.Value;

        writer.WriteStartObject();
        foreach (var (name, member) in members)
        {
            writer.WritePropertyName(name);
            if (!TryWrite(writer, member))
                return false;
        }

        writer.WriteEndObject();
        return true;
    }
}
