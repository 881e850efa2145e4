using System.Text.Json;

namespace Sotto.FakeSwarm.Wire;

/// <summary>What <c>rpc.get_service_nodes</c> is asked for.</summary>
internal sealed record NodeListRequest(IReadOnlySet<string>? Fields, string? PolledBlockHash, int? Limit)
{
    public bool Wants(string field) => Fields is null || Fields.Contains(field);

    /// <summary>Both forms of <c>fields</c> are understood: an object of booleans, and a list of names.</summary>
    public static NodeListRequest Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonException("An object is expected.");

        return new NodeListRequest(
            root.TryGetProperty("fields", out var fields) ? Names(fields) : null,
            root.TryGetProperty("poll_block_hash", out var hash) && hash.ValueKind == JsonValueKind.String ? hash.GetString() : null,
            root.TryGetProperty("limit", out var limit) && limit.TryGetInt32(out var count) ? count : null);
    }

    private static HashSet<string> Names(JsonElement fields) => fields.ValueKind switch
    {
        JsonValueKind.Object => [.. fields.EnumerateObject().Where(field => field.Value.ValueKind == JsonValueKind.True).Select(field => field.Name)],
        JsonValueKind.Array => [.. fields.EnumerateArray().Select(field => field.GetString() ?? "")],
        _ => throw new JsonException("fields is an object or a list."),
    };
}
