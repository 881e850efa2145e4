using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sotto.FakeProvider;

/// <summary>One device token's state as ordered through the control endpoint.</summary>
internal sealed record TokenOrder
{
    public required string Token { get; init; }

    public required TokenState State { get; init; }

    public long? AtMs { get; init; }

    public string? Topic { get; init; }

    public string? Environment { get; init; }
}

/// <summary>Changes what a connection may do.</summary>
internal sealed record LimitsOrder
{
    public required int MaxStreams { get; init; }
}

/// <summary>Moves the simulator's clock.</summary>
internal sealed record ClockOrder
{
    public required long OffsetMs { get; init; }
}

/// <summary>How the control endpoint writes JSON, and how strictly it reads it.</summary>
public static class ControlJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        // Nobody shows these answers in a browser.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };
}
