using System.Text;
using System.Text.Json;
using Sotto.Bencode;
using Sotto.Cli.Import;
using Sotto.Delivery;
using Sotto.Hosting.Settings;
using Sotto.OnionRequests;
using Sotto.OxenMq;
using Sotto.Session;
using Sotto.WebPush;
using SubscriptionApi.Subscriptions;
using SwarmListener.Storage;
using WebPushSender;

namespace Fuzz;

/// <summary>Every parser that meets the outside. Answers of providers, a listener's talk and what travels on the bus are in files of their own.</summary>
internal static partial class Targets
{
    // Between the parts of a message of several parts.
    private const byte PartEnd = 0x1e;
    private const long NowSeconds = 1_767_268_800;

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(NowSeconds);
    private static string[] BencodeWords { get; } = ["e", "l", "d", "i0e", "i-1e", "0:", "1:a", "3:abc", "le", "de", "i9223372036854775807e", "99999999999:", "l4:spam", "d1:ai1e", "dl", "llllllll"];

    private static string[] JsonWords { get; } =
    [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "false", "0", "\"\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\\u0000", "\"a\":", "[[", "{\"a\":", "1e400", "-0.0", "\uFEFF", "\"\\ud83d\\ude00\"",
        "\"reason\":\"\\ud800\"", "\"error\":{}", "\"code\":", "\"msg\":\"{}\"", "\"token\":\"\\udfff\"", "\"endpoint\":\"/\"", "\"method\":\"POST\"", "\"headers\":{}",
    ];

    private static readonly OnionKey Onion = OnionKey.FromPrivateKey([.. Enumerable.Range(1, 32).Select(i => (byte)i)]);

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("bencode", BencodeWords, Bencoded),
        new("onion-body", JsonWords, input => OnionRequest.TryOpen(Onion, input, out var payload, out _) ? $"opened {payload.Length}" : "refused"),
        new("onion-v4", [.. JsonWords, .. BencodeWords], InsideOnion),
        // A JSON document of many small values takes 12 bytes for each in its index, and buffers double as they grow.
        new("subscription-json", JsonWords, Subscription) { AllocatedPerByteMax = 256 },
        new("service-info", JsonWords, ServiceInfo) { AllocatedPerByteMax = 256 },
        new("oxenmq-frame", ["\u001e", "REPLY", "HI", "HELLO", "BYE", "UNKNOWNCOMMAND", "NO_REPLY_TAG", "FORBIDDEN", "notify.message"], OxenMqParts),
        new("oxenmq-address", ["tcp://", "curve://", "ipc://", "tcp+curve://", ":", "/", "[", "]", "[::1]", "%", "65536"], OxenMqAddressText),
        new("notify-message", BencodeWords, input => NotifyMessage.TryParse(input, out var message) ? $"message {message.Hash.Length} {message.Data?.Length}" : "refused"),
        new("monitor-reply", BencodeWords, input => MonitorReply.TryParse(input, 1_000, out var reply) ? $"{reply.IsList} {reply.Results.Count}" : "refused") { AllocatedPerByteMax = 256 },
        new("service-nodes", JsonWords, input => ServiceNodeList.TryParse(input, out var list) ? $"list {list.SwarmIds.Count}" : "refused") { AllocatedPerByteMax = 256 },
        new("changed-ids", ["00", "ff", "0123456789abcdef0123456789abcdef"], ChangedIdsText),
        new("spns-ini", ["[", "]", "=", "\n", "#", ";", "[db]\n", "url = ", "hivemind"], Ini),
        .. ListenerTalk,
        .. ProviderAnswers,
        .. BusMessages,
    ];

    private static string Bencoded(byte[] input)
    {
        var reader = new BencodeReader(input);
        var first = reader.Next;
        var skipped = reader.TrySkip();
        var isWhole = skipped && reader.TryEndInput();
        var walker = new BencodeReader(input);
        try
        {
            if (walker.TryEnterDictionary())
                _ = walker.TrySeekKey("n"u8) && walker.TryReadInt64(out _) && walker.TryLeaveDictionary();
            else
                walker.ReadBytes();
        }
        catch (BencodeException)
        {
            return $"{first} {skipped} {isWhole} refused";
        }

        return $"{first} {skipped} {isWhole}";
    }

    private static string InsideOnion(byte[] input)
    {
        if (!V4Request.TryParse(input, out var request))
            return "refused";
        var path = Uri.UnescapeDataString(request.Endpoint);
        return $"{request.Method.Length} {path.Length} {request.Headers.Count} {request.Body.Length}";
    }

    private static string Subscription(byte[] input)
    {
        if (!ClientJson.TryTake(input, out var json))
            return "not JSON";
        var kinds = new StringBuilder();
        foreach (var item in RequestItems.Find(json).Items?.Take(4) ?? [])
            kinds.Append(item is null ? "no item" : Item(item)).Append(';');
        return kinds.ToString();
    }

    private static string Item(ItemFields fields)
    {
        if (SignedRequest.Take(fields) is not { } request)
            return Encoding.UTF8.GetString(fields.Refusal!.Json.Span);
        if (Wish.Take(fields, request.SignedAtSeconds, NowSeconds) is not { } wish)
            return Encoding.UTF8.GetString(fields.Refusal!.Json.Span);
        return request.VerifySignature(SignedText.Monitor(request.Account, request.SignedAtSeconds, wish.WantsData, wish.Namespaces)) ?? "good";
    }

    // What a sender reads when the API asks it about a device.
    private static string ServiceInfo(byte[] input)
    {
        var simple = DeviceReading.Parse(input, info => DeviceReading.OfToken(info, token => token.Length > 100 ? "too long" : null));
        var web = DeviceReading.Parse(input, info => WebPushDevice.Read(info, new EndpointRules()));
        return $"{simple.Sentence} {web.Sentence}";
    }

    private static string OxenMqParts(byte[] input)
    {
        var frame = OxenMqFrame.Parse([.. Parts(input)]);
        return $"{frame.Kind} {frame.Code} {frame.Data.Length} {Math.Min(frame.Name.Length, 8)}";
    }

    private static List<ReadOnlyMemory<byte>> Parts(byte[] input)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        var begin = 0;
        for (var i = 0; i <= input.Length; i++)
        {
            if (i < input.Length && input[i] != PartEnd)
                continue;
            parts.Add(input.AsMemory(begin, i - begin));
            begin = i + 1;
        }

        return parts;
    }

    private static string OxenMqAddressText(byte[] input)
    {
        if (!OxenMqAddress.TryParse(Encoding.UTF8.GetString(input), out var address))
            return "refused";
        // What is written, without the key, must be readable again.
        if (!OxenMqAddress.TryParse(address.ToString(), out var again) || again.ToString() != address.ToString())
            throw new InvalidOperationException("an address that was read is another one when it is written and read again");
        return $"address {address.IsCurve}";
    }

    private static string ChangedIdsText(byte[] input)
    {
        var changes = new List<(byte Bucket, Guid Id)>();
        return ChangedIds.TryParse(Encoding.UTF8.GetString(input), changes) ? $"{changes.Count} changes" : "refused";
    }

    private static string Ini(byte[] input)
    {
        try
        {
            var ini = SpnsIni.Read("a file", Encoding.UTF8.GetString(input).Split('\n'));
            return $"{ini.DatabaseUrl is null} {ini.Known.Count()} {ini.NotNeeded.Count()}";
        }
        catch (SettingsException)
        {
            return "refused";
        }
    }
}
