using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sotto.FakePhone;

/// <summary>The framing inside a v4 onion request (session-onion section 5): a bencoded list of JSON and body.</summary>
public static class V4Envelope
{
    /// <summary>A request as a client writes it.</summary>
    public static byte[] WriteRequest(string method, string endpoint, ReadOnlySpan<byte> body)
    {
        var metadata = $"{{\"method\":\"{method}\",\"endpoint\":\"{endpoint}\",\"headers\":{{\"Content-Type\":\"application/json\"}}}}";
        var head = string.Create(CultureInfo.InvariantCulture, $"l{metadata.Length}:{metadata}{body.Length}:");
        return [.. Encoding.UTF8.GetBytes(head), .. body, (byte)'e'];
    }

    /// <summary>The status and the body of an answer.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static (int Code, byte[] Body) ReadResponse(ReadOnlySpan<byte> plaintext)
    {
        if (Bencoding.Parse(plaintext) is not List<object> { Count: 2 } list || list[0] is not byte[] metadata || list[1] is not byte[] body)
            throw new FormatException("A v4 answer is a list of two strings.");
        using var document = JsonDocument.Parse(metadata);
        return (document.RootElement.GetProperty("code").GetInt32(), body);
    }
}
