using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sotto.FakeHms;

/// <summary>The body of a send (providers.md section 5.4).</summary>
internal sealed partial class HmsMessage
{
    private const int TokensMax = 1000;
    private const int BytesWithoutTokensMax = 4096;
    private const int CollapseKeyMin = -1;
    private const int CollapseKeyMax = 100;

    // 15 days.
    private const long TtlSecondsMax = 1_296_000;

    private HmsMessage(IReadOnlyList<string> tokens) => Tokens = tokens;

    /// <summary>The devices; empty for a topic or condition.</summary>
    public IReadOnlyList<string> Tokens { get; }

    public bool ValidateOnly { get; private init; }

    public bool IsUrgent { get; private init; }

    /// <summary>What the devices get.</summary>
    public byte[] Content { get; private init; } = [];

    /// <summary>Reads a body.</summary>
    public static (HmsMessage? Message, HmsCode? Refusal) Read(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement, body.Length);
        }
        catch (JsonException)
        {
            return (null, HmsCode.IllegalPayload);
        }
    }

    private static (HmsMessage? Message, HmsCode? Refusal) Read(JsonElement root, int bytes)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("message", out var message) || message.ValueKind != JsonValueKind.Object)
            return (null, HmsCode.IllegalPayload);
        var hasTokens = message.TryGetProperty("token", out var list);
        var targets = (hasTokens ? 1 : 0) + (message.TryGetProperty("topic", out _) ? 1 : 0) + (message.TryGetProperty("condition", out _) ? 1 : 0);
        if (targets != 1)
            return (null, targets == 0 ? HmsCode.TokenCount : HmsCode.IllegalPayload);

        IReadOnlyList<string>? tokens = hasTokens ? ReadTokens(list) : [];
        if (tokens is null)
            return (null, HmsCode.TokenCount);
        if (bytes - (hasTokens ? Encoding.UTF8.GetByteCount(list.GetRawText()) : 0) > BytesWithoutTokensMax)
            return (null, HmsCode.BodyTooLarge);
        return ReadContent(root, message, tokens);
    }

    private static (HmsMessage? Message, HmsCode? Refusal) ReadContent(JsonElement root, JsonElement message, IReadOnlyList<string> tokens)
    {
        var hasData = message.TryGetProperty("data", out var data);
        if (hasData ? data.ValueKind != JsonValueKind.String : !message.TryGetProperty("notification", out _))
            return (null, HmsCode.IllegalPayload);

        var urgent = false;
        if (message.TryGetProperty("android", out var android) && JudgeAndroid(android, out urgent) is { } refusal)
            return (null, refusal);
        return (new(tokens)
        {
            IsUrgent = urgent,
            ValidateOnly = root.TryGetProperty("validate_only", out var dry) && dry.ValueKind == JsonValueKind.True,
            Content = Encoding.UTF8.GetBytes(hasData ? data.GetString()! : message.GetProperty("notification").GetRawText()),
        }, null);
    }

    // A list of 1 to 1000 texts; null when it is not.
    private static List<string>? ReadTokens(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is < 1 or > TokensMax)
            return null;
        var tokens = new List<string>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
                return null;
            tokens.Add(item.GetString()!);
        }

        return tokens;
    }

    private static HmsCode? JudgeAndroid(JsonElement android, out bool urgent)
    {
        urgent = false;
        if (android.ValueKind != JsonValueKind.Object)
            return HmsCode.IllegalPayload;
        if (android.TryGetProperty("urgency", out var urgency))
        {
            urgent = urgency.ValueKind == JsonValueKind.String && urgency.ValueEquals("HIGH");
            if (!urgent && !(urgency.ValueKind == JsonValueKind.String && urgency.ValueEquals("NORMAL")))
                return HmsCode.IllegalPayload;
        }

        if (android.TryGetProperty("ttl", out var ttl) && !(ttl.ValueKind == JsonValueKind.String && IsTtl(ttl.GetString()!)))
            return HmsCode.IllegalTtl;
        return android.TryGetProperty("collapse_key", out var key) && !IsCollapseKey(key) ? HmsCode.IllegalCollapseKey : null;
    }

    private static bool IsCollapseKey(JsonElement key) =>
        key.ValueKind == JsonValueKind.Number && key.TryGetInt32(out var group) && group is >= CollapseKeyMin and <= CollapseKeyMax;

    private static bool IsTtl(string text) =>
        Ttl().Match(text) is { Success: true } match
        && decimal.TryParse(match.Groups["seconds"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        && seconds <= TtlSecondsMax;

    [GeneratedRegex(@"^(?<seconds>\d{1,12}(?:\.\d{1,9})?)[sS]?$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ttl();
}
