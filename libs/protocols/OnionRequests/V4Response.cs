using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sotto.Bencode;

namespace Sotto.OnionRequests;

/// <summary>The HTTP response inside a version 4 onion reply (session-onion section 5.2): a bencoded list of metadata and body. Thread-safe.</summary>
public static class V4Response
{
    /// <summary>The sentence that answers a payload which is no request.</summary>
    public const string InvalidRequestText = "Invalid v4 onion request";

    /// <summary>Writes a response, to be sealed by <see cref="OnionReply"/>.</summary>
    /// <param name="code">The HTTP status.</param>
    /// <param name="headers">Names become lower case; <c>content-length</c> is left out, clients have the body's length. There should be a <c>content-type</c>.</param>
    /// <param name="body">The body; may be empty.</param>
    public static byte[] Write(int code, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(headers);
        var metadata = Encoding.UTF8.GetBytes(Metadata(code, headers));
        var writer = new BencodeWriter(metadata.Length + body.Length + 64);
        writer.StartList();
        writer.Write(metadata);
        writer.Write(body);
        writer.End();
        return writer.ToArray();
    }

    /// <summary>What answers a payload that <see cref="V4Request.TryParse"/> refuses (session-onion section 5.3).</summary>
    public static byte[] InvalidRequest() =>
        Write(400, [KeyValuePair.Create("content-type", "text/plain; charset=utf-8")], Encoding.ASCII.GetBytes(InvalidRequestText));

    // With the spaces that the reference writes.
    private static string Metadata(int code, IEnumerable<KeyValuePair<string, string>> headers)
    {
        var pairs = headers
            .Where(header => !string.Equals(header.Key, "content-length", StringComparison.OrdinalIgnoreCase))
            .Select(header => $"\"{Escaped(header.Key.ToLowerInvariant())}\": \"{Escaped(header.Value)}\"");
        return "{\"code\": " + code.ToString(CultureInfo.InvariantCulture) + ", \"headers\": {" + string.Join(", ", pairs) + "}}";
    }

    private static JsonEncodedText Escaped(string text) => JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
}
