using System.Buffers.Binary;
using Sotto.Bencode;
using Sotto.Contracts;
using Sotto.OxenMq;
using Sotto.Session;
using SwarmListener.Monitoring;
using SwarmListener.Storage;

namespace Fuzz;

internal static partial class Targets
{
    private const int SessionKeyFlag = 1;
    private const int SubaccountFlag = 2;
    private const int WantsDataFlag = 4;
    private const int CutSignatureFlag = 8;

    /// <summary>What oxend answers, as far as it is acted on; and what storage servers are asked, which must say what the client signed.</summary>
    private static IReadOnlyList<FuzzTarget> ListenerTalk =>
    [
        new("oxend-reply", ["\u001e", "REPLY\u001etag\u001e", "200", "404", "\"swarm_id\":", "\"public_ip\":\"", "\"storage_lmq_port\":", .. JsonWords], OxendReply) { AllocatedPerByteMax = 256 },
        // One byte can make a subscription of several hundred.
        new("monitor-request", ["\u001e", "\u0005\u0001", "\u0003\u0002", "\u0003\u0006"], AskedOfStorageServers) { AllocatedPerByteMax = 2_048 },
    ];

    private static string OxendReply(byte[] input)
    {
        var frame = OxenMqFrame.Parse([.. Parts(input)]);
        if (frame.Kind != OxenMqFrameKind.Reply || !ServiceNodeList.TryParseReply(frame.Data, out var list))
            return $"{frame.Kind}";
        var map = new SwarmMap(list.SwarmIds);
        foreach (var node in list.Nodes)
            _ = OxenMqAddress.Curve(node.Host, node.Port, node.PublicKey);
        var buckets = SwarmBuckets.Of(map);
        if (buckets.Values.SelectMany(bucket => bucket).Distinct().Count() != (map.Ids.IsEmpty ? 0 : OwnedAccounts.BucketCount))
            throw new InvalidOperationException("a bucket belongs to no swarm");
        return $"list {list.Nodes.Count} {list.NodesWithoutAddress.Count} {list.UnnamedNodes} {map.Ids.Length}";
    }

    private static string AskedOfStorageServers(byte[] input)
    {
        using var body = new MonitorBody();
        var asked = new List<SubscriptionChanged>();
        var kinds = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var change in Parts(input).Select(Change))
        {
            var row = SubscriptionRow.From(change, out var reason);
            kinds.Add(row is null ? reason : $"{row.Account.Prefix == AccountId.SessionPrefix} {change.Authorization.SubaccountToken is null} {change.WantsData}");
            if (row is null)
                continue;
            body.Append(row.Request);
            asked.Add(change);
        }

        var reader = new BencodeReader(body.Finish().Span);
        var isSame = reader.TryEnterList();
        foreach (var change in asked)
            isSame = isSame && Says(ref reader, change);
        if (!isSame || !reader.TryLeave() || !reader.TryEndInput())
            throw new InvalidOperationException("a storage server would read something else than the client signed");
        return string.Join(';', kinds);
    }

    // Network prefix, flags, the seconds of its times, then its namespaces; what is missing is zero.
    private static SubscriptionChanged Change(ReadOnlyMemory<byte> part)
    {
        var bytes = new byte[Math.Max(part.Length, 10)];
        part.CopyTo(bytes);
        var (prefix, flags) = (bytes[0], bytes[1]);
        var seconds = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(2));
        return new SubscriptionChanged
        {
            SubscriptionId = Guid.Empty,
            Revision = 1,
            Withdrawn = false,
            Account = [prefix, .. Filled(32, prefix)],
            Provider = Provider.Dummy,
            DeviceId = [],
            SealedDeviceToken = [],
            SealedEnvelopeKey = [],
            WantsData = (flags & WantsDataFlag) != 0,
            ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(seconds),
            Namespaces = [.. bytes[6..].Chunk(sizeof(short)).Where(pair => pair.Length == sizeof(short)).Select(pair => BinaryPrimitives.ReadInt16BigEndian(pair))],
            Authorization = new MonitorAuthorization
            {
                SessionEd25519 = (flags & SessionKeyFlag) != 0 ? Filled(32, flags) : null,
                SubaccountToken = (flags & SubaccountFlag) != 0 ? Filled(36, flags) : null,
                SubaccountSignature = (flags & SubaccountFlag) != 0 ? Filled(64, (byte)'e') : null,
                SignedAtSeconds = seconds,
                Signature = Filled((flags & CutSignatureFlag) != 0 ? 63 : 64, bytes[5]),
            },
        };
    }

    private static byte[] Filled(int size, byte value)
    {
        var bytes = new byte[size];
        Array.Fill(bytes, value);
        return bytes;
    }

    // Key by key in the order of the protocol, and nothing else.
    private static bool Says(ref BencodeReader reader, SubscriptionChanged change)
    {
        var isSession = change.Account[0] == AccountId.SessionPrefix;
        var authorization = change.Authorization;
        return reader.TryEnterDictionary()
            && SaysBytes(ref reader, "P"u8, isSession ? authorization.SessionEd25519 : null)
            && SaysBytes(ref reader, "S"u8, authorization.SubaccountSignature)
            && SaysBytes(ref reader, "T"u8, authorization.SubaccountToken)
            && (!change.WantsData || SaysNumber(ref reader, "d"u8, 1))
            && SaysNamespaces(ref reader, change.Namespaces)
            && SaysBytes(ref reader, "p"u8, isSession ? null : change.Account)
            && SaysBytes(ref reader, "s"u8, authorization.Signature)
            && SaysNumber(ref reader, "t"u8, authorization.SignedAtSeconds)
            && reader.TryLeave();
    }

    private static bool SaysKey(ref BencodeReader reader, ReadOnlySpan<byte> key) => reader.TryReadBytes(out var found) && found.SequenceEqual(key);

    private static bool SaysBytes(ref BencodeReader reader, ReadOnlySpan<byte> key, byte[]? value) =>
        value is null || (SaysKey(ref reader, key) && reader.TryReadBytes(out var found) && found.SequenceEqual(value));

    private static bool SaysNumber(ref BencodeReader reader, ReadOnlySpan<byte> key, long value) =>
        SaysKey(ref reader, key) && reader.TryReadInt64(out var found) && found == value;

    private static bool SaysNamespaces(ref BencodeReader reader, short[] namespaces)
    {
        if (!SaysKey(ref reader, "n"u8) || !reader.TryEnterList())
            return false;
        foreach (var expected in namespaces)
        {
            if (!reader.TryReadInt64(out var found) || found != expected)
                return false;
        }

        return reader.TryLeave();
    }
}
