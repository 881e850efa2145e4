namespace Sotto.FakeSwarm.Nodes;

/// <summary>What oxend knows at one instant: the top block and the nodes.</summary>
internal sealed record Chain(long Height, byte[] BlockHash, IReadOnlyList<ListedNode> Nodes);

/// <summary>A node as oxend lists it. The address is absent as long as oxend has not seen the node's uptime proof.</summary>
internal sealed record ListedNode(byte[] PublicKey, string? Host, int? Port, ulong Swarm);
