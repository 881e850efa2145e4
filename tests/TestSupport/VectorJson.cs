using System.Globalization;
using System.Text.Json;

namespace Sotto.TestSupport;

/// <summary>What vector files are made of.</summary>
public static class VectorJson
{
    /// <summary>A string member.</summary>
    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new InvalidOperationException($"{name} is null.");

    /// <summary>A string member, or null when it is absent or null.</summary>
    public static string? TextOrNull(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A member that holds bytes in hex.</summary>
    public static byte[] Hex(this JsonElement json, string name) => Convert.FromHexString(json.Text(name));

    /// <summary>A member that holds bytes in hex, or null when it is absent or null.</summary>
    public static byte[]? HexOrNull(this JsonElement json, string name) => json.TextOrNull(name) is { } text ? Convert.FromHexString(text) : null;

    /// <summary>A member that holds a list of bytes in hex, such as the parts of a message.</summary>
    public static byte[][] HexList(this JsonElement json, string name) => json.GetProperty(name).HexList();

    /// <summary>A list of bytes in hex; null is an empty one.</summary>
    public static byte[][] HexList(this JsonElement json) => json.ValueKind == JsonValueKind.Null ? [] : [.. json.EnumerateArray().Select(part => Convert.FromHexString(part.GetString() ?? ""))];

    /// <summary>A member that holds an unsigned 64-bit number as decimal text.</summary>
    public static ulong Number64(this JsonElement json, string name) => ulong.Parse(json.Text(name), CultureInfo.InvariantCulture);
}
