using System.Text.Json;
using Sotto.Contracts;

namespace DeadLetterKeeper;

/// <summary>A few words on what is wrong with a message that nobody could take, for the person who has to decide on it. Nothing of its content.</summary>
internal static class PoisonDiagnosis
{
    private const int WordsMax = 160;
    private const string OurKinds = "urn:message:Sotto.Contracts:";

    public static string Of(ReadOnlyMemory<byte> body)
    {
        if (body.Length > FrameLimits.WireBytesMax)
            return "oversize";
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("messageType", out var kinds) || kinds.ValueKind != JsonValueKind.Array)
                return "no envelope";
            var kind = kinds.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } first ? first.GetString()! : "";
            return kind.StartsWith(OurKinds, StringComparison.Ordinal) && kind.All(IsPlain) && kind.Length <= WordsMax
                ? $"not taken: {kind[OurKinds.Length..]}"
                : "unknown kind or version";
        }
        // Half a surrogate pair is no text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "not JSON";
        }
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is ':' or '.' or '[' or ']' or '_';
}
