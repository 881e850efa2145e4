using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Sotto.Session;

/// <summary>A storage server that can be reached.</summary>
/// <param name="PublicKey">Its X25519 key, 32 bytes: what it is known and found by.</param>
/// <param name="Host">IPv4 address or host name.</param>
/// <param name="Port">OxenMQ port, 1 to 65535.</param>
/// <param name="SwarmId">The swarm it belongs to; never <see cref="SwarmMap.NoSwarm"/>.</param>
public sealed record ServiceNode(byte[] PublicKey, string Host, int Port, ulong SwarmId);

/// <summary>The network's storage servers, as oxend lists them (session-v2 section 5.3, oxenmq section 5).</summary>
public sealed class ServiceNodeList
{
    /// <summary>The one data part of <c>rpc.get_service_nodes</c>: what is needed of the active nodes, and nothing else.</summary>
    public const string Request =
        """{"active_only":true,"fields":{"pubkey_x25519":true,"public_ip":true,"storage_lmq_port":true,"swarm_id":true,"block_hash":true,"height":true}}""";

    private ServiceNodeList(string blockHash, long height) => (BlockHash, Height) = (blockHash, height);

    /// <summary>The top block, hex. Swarms change only with it.</summary>
    public string BlockHash { get; }

    /// <summary>The top block's height.</summary>
    public long Height { get; }

    /// <summary>The nodes that can be connected to, each key once. Nodes that lack an address (for a while after oxend started: many) are left out.</summary>
    public IReadOnlyList<ServiceNode> Nodes { get; private set; } = [];

    /// <summary>The keys (32 bytes) of nodes that were left out for want of an address. They have not left the network: whoever is connected to one should stay.</summary>
    public IReadOnlyList<byte[]> NodesWithoutAddress { get; private set; } = [];

    /// <summary>How many entries had no usable key. While there are any, a node that is missing from this list may be one of them.</summary>
    public int UnnamedNodes { get; private set; }

    /// <summary>Every swarm of the list, also those whose nodes were left out.</summary>
    public IReadOnlySet<ulong> SwarmIds { get; private set; } = new HashSet<ulong>();

    /// <summary>Reads a reply to <c>rpc.get_service_nodes</c>: the status <c>200</c>, then the list. False, never an exception, for anything else.</summary>
    public static bool TryParseReply(IReadOnlyList<ReadOnlyMemory<byte>> parts, [NotNullWhen(true)] out ServiceNodeList? list)
    {
        ArgumentNullException.ThrowIfNull(parts);
        list = null;
        return parts.Count == 2 && parts[0].Span.SequenceEqual("200"u8) && TryParse(parts[1], out list);
    }

    /// <summary>Reads the JSON of a list. False, never an exception, when it is not one; a node that cannot be used is skipped by itself.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out ServiceNodeList? list)
    {
        list = null;
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || TextOf(root, "block_hash") is not { } blockHash
                || !root.TryGetProperty("height", out var heightValue) || !IsNumber(heightValue) || !heightValue.TryGetInt64(out var height)
                || !root.TryGetProperty("service_node_states", out var states) || states.ValueKind != JsonValueKind.Array)
            {
                return false;
            }

            list = new ServiceNodeList(blockHash, height);
            list.Read(states);
            return true;
        }
        // The second is what the parser says of text that is not Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Read(JsonElement states)
    {
        var nodes = new Dictionary<string, ServiceNode>(StringComparer.Ordinal);
        var withoutAddress = new List<byte[]>();
        var swarmIds = new HashSet<ulong>();
        foreach (var state in states.EnumerateArray())
        {
            if (state.ValueKind != JsonValueKind.Object || KeyOf(state) is not { } publicKey)
            {
                UnnamedNodes++;
                AddSwarm(state, swarmIds, out _);
            }
            else if (AddSwarm(state, swarmIds, out var swarmId))
            {
                if (AddressOf(state) is var (host, port))
                    nodes.TryAdd(Convert.ToHexString(publicKey), new ServiceNode(publicKey, host, port, swarmId));
                else
                    withoutAddress.Add(publicKey);
            }
        }

        (Nodes, NodesWithoutAddress, SwarmIds) = ([.. nodes.Values], withoutAddress, swarmIds);
    }

    private static bool AddSwarm(JsonElement state, HashSet<ulong> swarmIds, out ulong swarmId)
    {
        swarmId = SwarmMap.NoSwarm;
        if (state.ValueKind != JsonValueKind.Object || !state.TryGetProperty("swarm_id", out var swarm)
            || !IsNumber(swarm) || !swarm.TryGetUInt64(out swarmId) || swarmId == SwarmMap.NoSwarm)
        {
            return false;
        }

        swarmIds.Add(swarmId);
        return true;
    }

    private static (string Host, int Port)? AddressOf(JsonElement state) =>
        TextOf(state, "public_ip") is { } host && IsHost(host)
        && state.TryGetProperty("storage_lmq_port", out var value) && IsNumber(value) && value.TryGetInt32(out var port) && port is > 0 and <= ushort.MaxValue
            ? (host, port)
            : null;

    private static byte[]? KeyOf(JsonElement state)
    {
        var publicKey = new byte[32];
        return TextOf(state, "pubkey_x25519") is { Length: 64 } hex && Convert.FromHexString(hex, publicKey, out _, out _) == System.Buffers.OperationStatus.Done
            ? publicKey
            : null;
    }

    private static bool IsNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number;

    // The host becomes part of an endpoint; nothing but a host may.
    private static bool IsHost(string host) =>
        !string.Equals(host, "0.0.0.0", StringComparison.Ordinal) && Uri.CheckHostName(host) is UriHostNameType.IPv4 or UriHostNameType.Dns;

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
