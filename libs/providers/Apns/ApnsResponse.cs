using System.Text.Json;
using Sotto.VendorHttp;

namespace Sotto.Apns;

/// <summary>What Apple said of one notification, or why it said nothing (providers.md section 3.5).</summary>
public sealed record ApnsResponse
{
    /// <summary>HTTP status; 0 without an answer.</summary>
    public int Status { get; init; }

    /// <summary>Apple's <c>reason</c>, such as <c>Unregistered</c>; null when there was none.</summary>
    public string? Reason { get; init; }

    /// <summary>With status 410: since when Apple has been sure that the token is dead for the topic.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The <c>apns-id</c> of the answer.</summary>
    public string? ApnsId { get; init; }

    /// <summary>True for an answer that Apple would not give: success, but neither empty nor with an <c>apns-id</c>.</summary>
    public bool IsStrange { get; init; }

    /// <summary>See <see cref="VendorAnswer.Silence"/>.</summary>
    public string? Silence { get; init; }

    /// <summary>The <c>Retry-After</c> header as it came. Apple documents none.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>See <see cref="VendorAnswer.ResumesIn"/>.</summary>
    public TimeSpan? ResumesIn { get; init; }

    /// <summary>Reads an answer. Whatever its body is, this does not throw.</summary>
    public static ApnsResponse Read(VendorAnswer answer)
    {
        var (reason, timestamp) = ReadBody(answer.Body);
        answer.Headers.TryGetValue(ApnsHeader.Id, out var id);
        return new ApnsResponse
        {
            Status = answer.Status,
            Reason = reason,
            Timestamp = timestamp,
            ApnsId = id,
            IsStrange = answer.Status == 200 && id is null && !answer.Body.IsEmpty,
            Silence = answer.Silence,
            RetryAfter = answer.RetryAfter,
            ResumesIn = answer.ResumesIn,
        };
    }

    private static (string? Reason, DateTimeOffset? Timestamp) ReadBody(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
            return default;
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return default;
            var reason = json.RootElement.TryGetProperty("reason", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
            return (reason, ReadTimestamp(json.RootElement));
        }
        // The second is what the parser says of text that is not Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }

    private static DateTimeOffset? ReadTimestamp(JsonElement answer) =>
        answer.TryGetProperty("timestamp", out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var milliseconds)
        && milliseconds >= 0 && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
