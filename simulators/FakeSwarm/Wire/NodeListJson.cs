using System.Text.Json;
using Sotto.FakeSwarm.Nodes;

namespace Sotto.FakeSwarm.Wire;

/// <summary>The answer of <c>rpc.get_service_nodes</c>, in a random order each time, as oxend gives it.</summary>
internal static class NodeListJson
{
    public static byte[] Write(NodeListRequest asked, Chain chain)
    {
        var hash = Convert.ToHexStringLower(chain.BlockHash);
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("status", "OK");
            if (asked.Wants("height"))
                json.WriteNumber("height", chain.Height);
            if (asked.Wants("block_hash"))
                json.WriteString("block_hash", hash);

            if (string.Equals(asked.PolledBlockHash, hash, StringComparison.OrdinalIgnoreCase))
            {
                json.WriteBoolean("unchanged", true);
            }
            else
            {
                json.WriteStartArray("service_node_states");
                var nodes = chain.Nodes.ToArray();
                Random.Shared.Shuffle(nodes);
                foreach (var node in nodes.Take(asked.Limit ?? nodes.Length))
                    WriteNode(json, asked, node);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static void WriteNode(Utf8JsonWriter json, NodeListRequest asked, ListedNode node)
    {
        json.WriteStartObject();
        if (asked.Wants("pubkey_x25519"))
            json.WriteString("pubkey_x25519", Convert.ToHexStringLower(node.PublicKey));
        if (asked.Wants("public_ip") && node.Host is not null)
            json.WriteString("public_ip", node.Host);
        if (asked.Wants("storage_lmq_port") && node.Port is { } port)
            json.WriteNumber("storage_lmq_port", port);
        if (asked.Wants("swarm_id"))
            json.WriteNumber("swarm_id", node.Swarm);
        if (asked.Wants("swarm"))
            json.WriteString("swarm", node.Swarm.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }
}
