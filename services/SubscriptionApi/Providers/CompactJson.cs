using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SubscriptionApi.Providers;

/// <summary>One spelling for every JSON value: no white space, object keys sorted, of keys given twice the last (session-v2 section 7.3).</summary>
internal static class CompactJson
{
    /// <summary>Deepest nesting that is written, which senders read; a description of a device needs 1. The parser's work grows with size times depth.</summary>
    public const int DepthMax = 64;

    private static readonly JsonDocumentOptions ReaderOptions = new() { MaxDepth = DepthMax };

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the value of a JSON text, as UTF-8. False when it is nested too deeply.</summary>
    public static bool TryWrite(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out byte[]? compact)
    {
        compact = null;
        try
        {
            using var document = JsonDocument.Parse(json, ReaderOptions);
            var buffer = new ArrayBufferWriter<byte>(256);
            using (var writer = new Utf8JsonWriter(buffer, Options))
                Write(writer, document.RootElement);
            compact = buffer.WrittenSpan.ToArray();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(writer, value);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var element in value.EnumerateArray())
                    Write(writer, element);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(value.GetString());
                break;
            default:
                writer.WriteRawValue(value.GetRawText());
                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, JsonElement value)
    {
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
            members[member.Name] = member.Value;

        writer.WriteStartObject();
        foreach (var (name, member) in members)
        {
            writer.WritePropertyName(name);
            Write(writer, member);
        }

        writer.WriteEndObject();
    }
}
