using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Sotto.OnionRequests;

/// <summary>The HTTP request inside a version 4 onion request (session-onion section 5.1).</summary>
public sealed class V4Request
{
    /// <summary>Largest metadata, in bytes. Clients send a few hundred.</summary>
    public const int MetadataBytesMax = 64 * 1024;

    private V4Request(string method, string endpoint, IReadOnlyDictionary<string, string> headers, ReadOnlyMemory<byte> body) =>
        (Method, Endpoint, Headers, Body) = (method, endpoint, headers, body);

    /// <summary>The method, as the client wrote it.</summary>
    public string Method { get; }

    /// <summary>Path and, perhaps, query; begins with a slash. Not decoded.</summary>
    public string Endpoint { get; }

    /// <summary>The client's headers; names compare without regard to case. Of a name that comes twice, the last.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The body, a slice of the payload; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>
    /// Reads a payload: a bencoded list of the metadata and, perhaps, the body, read as leniently as the reference does (a single stray byte after the
    /// metadata is passed over). False, never an exception, for anything else: answer <see cref="V4Response.InvalidRequest"/>.
    /// </summary>
    public static bool TryParse(ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out V4Request? request)
    {
        request = null;
        if (payload.Length < 2 || payload.Span[0] != (byte)'l' || payload.Span[^1] != (byte)'e')
            return false;

        var rest = payload[1..^1];
        if (!TryTakeString(ref rest, out var metadata) || metadata.Length > MetadataBytesMax)
            return false;

        var body = ReadOnlyMemory<byte>.Empty;
        if (rest.Length > 1 && (!TryTakeString(ref rest, out body) || !rest.IsEmpty))
            return false;

        return TryReadMetadata(metadata, body, out request);
    }

    /// <summary>Never the content.</summary>
    public override string ToString() => nameof(V4Request);

    private static bool TryTakeString(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> text)
    {
        text = default;
        var bytes = rest.Span;
        var (at, length) = (0, 0L);
        while (at < bytes.Length && bytes[at] is >= (byte)'0' and <= (byte)'9')
        {
            length = 10 * length + (bytes[at++] - (byte)'0');
            if (length > bytes.Length)
                return false;
        }

        if (at == 0 || at == bytes.Length || bytes[at] != (byte)':' || length > bytes.Length - at - 1)
            return false;

        text = rest.Slice(at + 1, (int)length);
        rest = rest[(at + 1 + (int)length)..];
        return true;
    }

    private static bool TryReadMetadata(ReadOnlyMemory<byte> metadata, ReadOnlyMemory<byte> body, [NotNullWhen(true)] out V4Request? request)
    {
        request = null;
        try
        {
            using var document = JsonDocument.Parse(metadata);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || TextOf(root, "method") is not { Length: > 0 } method
                || TextOf(root, "endpoint") is not { } endpoint || !endpoint.StartsWith('/')
                || !TryReadHeaders(root, out var headers))
            {
                return false;
            }

            request = new V4Request(method, endpoint, headers, body);
            return true;
        }
        // The second is what the parser says of text that is not Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool TryReadHeaders(JsonElement root, out Dictionary<string, string> headers)
    {
        headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (!root.TryGetProperty("headers", out var given))
            return true;
        if (given.ValueKind != JsonValueKind.Object)
            return false;

        foreach (var header in given.EnumerateObject())
        {
            if (header.Value.ValueKind != JsonValueKind.String)
                return false;

            headers[header.Name] = header.Value.GetString()!;
        }

        return true;
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
