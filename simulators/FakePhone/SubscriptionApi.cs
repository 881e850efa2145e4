using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sotto.FakePhone;

/// <summary>How a request reaches the server.</summary>
public abstract record Route
{
    private Route()
    {
    }

    /// <summary>Straight.</summary>
    public sealed record Plain : Route;

    /// <summary>As the last node of an onion path posts it: sealed to the server's X25519 key, 32 bytes.</summary>
    public sealed record Onion(ReadOnlyMemory<byte> ServerKey, OnionCipher Cipher = OnionCipher.AesGcm) : Route;
}

/// <summary>What the server said.</summary>
/// <param name="Status">The HTTP status; of an onion request the inner one, or the outer where that is not 200.</param>
/// <param name="Json">The body.</param>
public sealed record ApiAnswer(int Status, JsonElement Json)
{
    public bool Success => Flag("success");

    public bool Added => Flag("added");

    public bool Updated => Flag("updated");

    public bool Removed => Flag("removed");

    /// <summary>The error's number; null for a success.</summary>
    public int? Error => Member("error") is { ValueKind: JsonValueKind.Number } code ? code.GetInt32() : null;

    public string? Message => Member("message") is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private bool Flag(string name) => Member(name) is { ValueKind: JsonValueKind.True };

    private JsonElement? Member(string name) => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var member) ? member : null;
}

/// <summary>Posts to the server as a phone does.</summary>
public static class SubscriptionApi
{
    public const string SubscribePath = "/subscribe";
    public const string UnsubscribePath = "/unsubscribe";

    private const string OnionPath = "/oxen/v4/lsrpc";

    /// <summary>Posts one request or a list of them, and reads the answer.</summary>
    public static async Task<ApiAnswer> PostAsync(
        HttpMessageInvoker http, Uri api, string path, JsonNode request, Route? via = null, CancellationToken cancellationToken = default)
    {
        var body = Encoding.UTF8.GetBytes(request.ToJsonString());
        if (via is not Route.Onion onion)
        {
            var (status, answer) = await SendAsync(http, new(api, path), body, "application/json", cancellationToken);
            return new(status, Parse(answer));
        }

        var letter = OnionLetter.Seal(onion.ServerKey.Span, onion.Cipher, V4Envelope.WriteRequest("POST", path, body));
        var (outer, reply) = await SendAsync(http, new(api, OnionPath), letter.Body, "application/octet-stream", cancellationToken);
        if (outer != 200)
            return new(outer, default);
        var (code, inner) = V4Envelope.ReadResponse(letter.Open(reply));
        return new(code, Parse(inner));
    }

    private static async Task<(int Status, byte[] Body)> SendAsync(
        HttpMessageInvoker http, Uri uri, byte[] body, string contentType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        using var response = await http.SendAsync(request, cancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    // Some refusals are plain text.
    private static JsonElement Parse(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
