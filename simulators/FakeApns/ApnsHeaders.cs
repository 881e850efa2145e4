using System.Globalization;
using System.Text;
using Sotto.FakeProvider;

namespace Sotto.FakeApns;

/// <summary>What Apple reads in the headers alone (providers.md section 3.4).</summary>
internal static class ApnsHeaders
{
    private const int CollapseIdBytesMax = 64;

    // Push type, and what its topic ends in.
    private static readonly Dictionary<string, string> PushTypes = new(StringComparer.Ordinal)
    {
        ["alert"] = "",
        ["background"] = "",
        ["voip"] = ".voip",
        ["complication"] = ".complication",
        ["fileprovider"] = ".pushkit.fileprovider",
        ["mdm"] = "",
        ["liveactivity"] = ".push-type.liveactivity",
        ["location"] = ".location-query",
        ["pushtotalk"] = ".voip-ptt",
        ["controls"] = ".push-type.controls",
        ["widgets"] = ".push-type.widgets",
    };

    /// <summary>The end that a topic needs for its push type; empty where none is.</summary>
    public static string TopicEnding(string? pushType) => PushTypes.GetValueOrDefault(pushType ?? "alert", "");

    public static ApnsRefusal? JudgeRepetition(ReceivedRequest request)
    {
        for (var i = 0; i < request.Headers.Count; i++)
        {
            var name = request.Headers[i].Key;
            for (var j = 0; j < i; j++)
            {
                if (request.Headers[j].Key == name && (name == "authorization" || name.StartsWith("apns-", StringComparison.Ordinal)))
                    return ApnsRefusal.DuplicateHeaders;
            }
        }

        return null;
    }

    public static ApnsRefusal? JudgeId(ReceivedRequest request) =>
        request.Header("apns-id") is { } id && !Guid.TryParseExact(id, "D", out _) ? ApnsRefusal.BadMessageId : null;

    public static ApnsRefusal? JudgeOptions(ReceivedRequest request)
    {
        var pushType = request.Header("apns-push-type");
        if (request.Header("apns-collapse-id") is { } collapse && Encoding.UTF8.GetByteCount(collapse) > CollapseIdBytesMax)
            return ApnsRefusal.BadCollapseId;
        if (request.Header("apns-priority") is { } priority && !IsPriority(priority, pushType))
            return ApnsRefusal.BadPriority;
        if (request.Header("apns-expiration") is { } expiration && !IsExpiration(expiration))
            return ApnsRefusal.BadExpirationDate;
        return pushType is null || PushTypes.ContainsKey(pushType) ? null : ApnsRefusal.InvalidPushType;
    }

    private static bool IsPriority(string priority, string? pushType) =>
        priority is "5" or "1" || (priority == "10" && pushType != "background");

    private static bool IsExpiration(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
