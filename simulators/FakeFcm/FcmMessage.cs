using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sotto.FakeFcm;

/// <summary>The body of a send: read field by field as Google's front end does, first mistake told (providers.md section 4.3).</summary>
internal sealed partial class FcmMessage
{
    private const int DataBytesMax = 4096;
    private const int TopicDataBytesMax = 2048;

    // 28 days.
    private const long TtlSecondsMax = 2_419_200;

    private static readonly string[] Targets = ["token", "fid", "topic", "condition"];

    private static readonly string[] MessageFields = [.. Targets, "name", "data", "notification", "android", "apns", "webpush", "fcm_options"];

    private static readonly string[] AndroidFields =
    [
        "collapse_key", "priority", "ttl", "restricted_package_name", "data", "notification", "fcm_options",
        "direct_boot_ok", "bandwidth_constrained_ok", "restricted_satellite_ok",
    ];

    private FcmMessage(string kind, string target) => (Kind, Target) = (kind, target);

    /// <summary><c>token</c>, <c>fid</c>, <c>topic</c> or <c>condition</c>.</summary>
    public string Kind { get; }

    public string Target { get; }

    public bool ValidateOnly { get; private init; }

    /// <summary>The data as it was written; what the device gets.</summary>
    public byte[] Content { get; private init; } = [];

    /// <summary>Reads a body.</summary>
    public static (FcmMessage? Message, FcmRefusal? Refusal) Read(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            return (null, FcmRefusal.Argument("Invalid JSON payload received. Unexpected token."));
        }
    }

    private static (FcmMessage? Message, FcmRefusal? Refusal) Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return (null, FcmRefusal.Argument("Invalid JSON payload received. Root element must be a message."));
        var refusal = RefuseUnknown(root, "", ["validate_only", "message"]);
        if (refusal is not null)
            return (null, refusal);
        if (!TryGet(root, "message", out var message) || message.ValueKind != JsonValueKind.Object)
            return (null, Recipient());
        refusal = RefuseUnknown(message, "message", MessageFields);
        if (refusal is not null)
            return (null, refusal);

        var targets = Targets.Where(name => TryGet(message, name, out _)).ToList();
        if (targets.Count == 0)
            return (null, Recipient());
        if (targets.Count > 1)
            return (null, FcmRefusal.Argument("oneof field 'target' is already set. Cannot set '" + targets[1] + "'", field: "message"));
        TryGet(message, targets[0], out var target);
        if (target.ValueKind != JsonValueKind.String)
            return (null, FcmRefusal.Argument($"Invalid value at 'message.{targets[0]}' (TYPE_STRING)", field: "message." + targets[0]));

        return Judge(message, targets[0], target.GetString()!, TryGet(root, "validate_only", out var dry) && dry.ValueKind == JsonValueKind.True);
    }

    private static (FcmMessage? Message, FcmRefusal? Refusal) Judge(JsonElement message, string kind, string target, bool validateOnly)
    {
        var hasData = TryGet(message, "data", out var data);
        var refusal = hasData ? JudgeData(data, kind == "topic" ? TopicDataBytesMax : DataBytesMax) : null;
        if (refusal is null && TryGet(message, "android", out var android))
            refusal = JudgeAndroid(android);
        if (refusal is not null)
            return (null, refusal);
        var content = hasData ? Encoding.UTF8.GetBytes(data.GetRawText()) : [];
        return (new(kind, target) { ValidateOnly = validateOnly, Content = content }, null);
    }

    private static FcmRefusal? JudgeData(JsonElement data, int bytesMax)
    {
        if (data.ValueKind != JsonValueKind.Object)
            return FcmRefusal.Argument("Invalid value at 'message.data'", field: "message.data");
        var (bytes, index) = (0, 0);
        foreach (var (name, value) in data.EnumerateObject().Select(property => (property.Name, property.Value)))
        {
            var field = $"message.data[{index++}].value";
            if (value.ValueKind != JsonValueKind.String)
                return FcmRefusal.Argument($"Invalid value at '{field}' (TYPE_STRING), {value.GetRawText()}", field: field);
            if (IsForbidden(name))
                return FcmRefusal.Argument("Invalid data payload key: " + name, "INVALID_ARGUMENT", "message.data");
            bytes += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value.GetString()!);
        }

        return bytes > bytesMax ? FcmRefusal.Argument("Android message is too big", "INVALID_ARGUMENT") : null;
    }

    private static bool IsForbidden(string key) =>
        key is "from" or "message_type"
        || key.StartsWith("google.", StringComparison.Ordinal)
        || key.StartsWith("gcm.notification.", StringComparison.Ordinal);

    private static FcmRefusal? JudgeAndroid(JsonElement android)
    {
        if (android.ValueKind != JsonValueKind.Object)
            return FcmRefusal.Argument("Invalid value at 'message.android'", field: "message.android");
        if (RefuseUnknown(android, "message.android", AndroidFields) is { } unknown)
            return unknown;
        if (TryGet(android, "priority", out var priority) && (Text(priority)?.ToUpperInvariant() is not ("HIGH" or "NORMAL")))
            return FcmRefusal.Argument("Invalid value at 'message.android.priority'", field: "message.android.priority");
        if (TryGet(android, "collapse_key", out var key) && Text(key) is null)
            return FcmRefusal.Argument("Invalid value at 'message.android.collapse_key' (TYPE_STRING)", field: "message.android.collapse_key");
        return TryGet(android, "ttl", out var ttl) && !IsTtl(Text(ttl))
            ? FcmRefusal.Argument("Invalid value at 'message.android.ttl' (type.googleapis.com/google.protobuf.Duration)", field: "message.android.ttl")
            : null;
    }

    private static bool IsTtl(string? text) =>
        text is not null && Duration().Match(text) is { Success: true } match
        && long.TryParse(match.Groups["seconds"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && (seconds < TtlSecondsMax || (seconds == TtlSecondsMax && match.Groups["fraction"].ValueSpan.Trim("0.").IsEmpty));

    private static FcmRefusal Recipient() => FcmRefusal.Argument("Recipient of the message is not set.", "INVALID_ARGUMENT", "message");

    private static FcmRefusal? RefuseUnknown(JsonElement element, string path, string[] known)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!known.Any(name => name == property.Name || Camel(name) == property.Name))
            {
                var text = $"Invalid JSON payload received. Unknown name \"{property.Name}\" at '{path}': Cannot find field.";
                return FcmRefusal.Argument(text, field: path);
            }
        }

        return null;
    }

    // Both spellings are read.
    private static bool TryGet(JsonElement element, string name, out JsonElement value) =>
        element.TryGetProperty(name, out value) || element.TryGetProperty(Camel(name), out value);

    private static string Camel(string name) =>
        name.Contains('_') ? Underscore().Replace(name, match => match.Value[1..].ToUpperInvariant()) : name;

    private static string? Text(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    [GeneratedRegex(@"^(?<seconds>\d{1,12})(?<fraction>\.\d{1,9})?s$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Duration();

    [GeneratedRegex("_[a-z]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Underscore();
}
