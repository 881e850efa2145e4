using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Example;

/// <summary>What Example said of one message, or why it said nothing.</summary>
public sealed record ExampleResponse
{
    /// <summary>HTTP status; 0 without an answer.</summary>
    public int Status { get; init; }

    /// <summary>Why there was no answer, in one word or two that may be logged; null when there was one.</summary>
    public string? Silence { get; init; }

    /// <summary>The vendor's own word, its <c>error</c>; null without one.</summary>
    public string? Error { get; init; }

    /// <summary>True when the body says that the message was taken. A page of somebody's proxy comes with 200 as well.</summary>
    public bool SaysTaken { get; init; }

    /// <summary>The <c>Retry-After</c> header as it came; null without one.</summary>
    public string? RetryAfter { get; init; }

    internal static ExampleResponse Read(VendorAnswer answer)
    {
        var response = new ExampleResponse { Status = answer.Status, Silence = answer.Silence, RetryAfter = answer.RetryAfter };
        try
        {
            using var json = JsonDocument.Parse(answer.Body);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return response;
            return response with
            {
                SaysTaken = root.TryGetProperty("id", out _),
                Error = root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String ? error.GetString() : null,
            };
        }
        // Half a surrogate pair is no text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return response;
        }
    }
}
