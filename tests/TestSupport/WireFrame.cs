using System.Text;
using System.Text.Json;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.TestSupport;

/// <summary>Frames as they lie in a queue, whichever of their two forms they have.</summary>
public static class WireFrame
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web);

    /// <summary>The JSON envelope around a frame: as it is, or what a compact one says.</summary>
    public static byte[] ToJson(ReadOnlySpan<byte> body) => IsJson(body)
        ? body.ToArray()
        : FrameCodec.Read(body, out _) switch
        {
            Frame<MessageArrived> messages => JsonSerializer.SerializeToUtf8Bytes(new { message = messages }, Wire),
            var pushes => JsonSerializer.SerializeToUtf8Bytes(new { message = (Frame<EncryptedPush>)pushes }, Wire),
        };

    /// <summary>All that could be found in it by somebody who looks: its own bytes and, where it is compact, what it says in JSON.</summary>
    public static string ToSearchableText(ReadOnlySpan<byte> body) => IsJson(body) ? Encoding.UTF8.GetString(body) : Encoding.Latin1.GetString(body) + Encoding.UTF8.GetString(ToJson(body));

    /// <summary>How many items it carries.</summary>
    public static int CountItems(ReadOnlySpan<byte> body)
    {
        using var envelope = JsonDocument.Parse(ToJson(body));
        return envelope.RootElement.GetProperty("message").GetProperty("items").GetArrayLength();
    }

    /// <summary>What it carries.</summary>
    public static IReadOnlyList<T> Items<T>(ReadOnlySpan<byte> body)
    {
        using var envelope = JsonDocument.Parse(ToJson(body));
        return envelope.RootElement.GetProperty("message").GetProperty("items").Deserialize<List<T>>(Wire)!;
    }

    private static bool IsJson(ReadOnlySpan<byte> body) => !body.IsEmpty && body[0] == '{';
}
