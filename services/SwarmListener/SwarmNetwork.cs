using System.Collections.Concurrent;
using Sotto.OxenMq;
using Sotto.Session;
using SwarmListener.Nodes;

namespace SwarmListener;

/// <summary>The connections to oxend and to all service nodes, on one I/O thread, and where their callbacks go.</summary>
internal sealed class SwarmNetwork : IDisposable
{
    public SwarmNetwork(OxenMqKeyPair keys, NotifyMessageHandler handler, ServiceNodeDirectory directory)
    {
        Client = new OxenMqClient(new OxenMqOptions
        {
            Keys = keys,
            PeerConnected = (peer, isAgain) => Tell(peer, directory, isAgain ? NodeChange.Reconnected : NodeChange.Connected),
            PeerDisconnected = peer => Tell(peer, directory, NodeChange.Lost),
            PeerFailed = (peer, _) => Tell(peer, directory, NodeChange.Failed),
            Commands = new Dictionary<string, OxenMqCommandHandler>(StringComparer.Ordinal)
            {
                [NetworkCommand.NotifyMessage] = (peer, parts) =>
                {
                    if (peer.Context is NodeConnection node)
                        handler.Hear(node, parts);
                },
                // What it says is not needed: the list is asked for anew. Only oxend may cause that.
                [NetworkCommand.NotifyBlock] = (peer, _) =>
                {
                    if (peer.Context == directory)
                        directory.Wake(isNewConnection: false);
                },
            },
        });
    }

    /// <summary>The one client.</summary>
    public OxenMqClient Client { get; }

    /// <summary>What became of connections to service nodes, for the monitor loop. At most a few for each node and check.</summary>
    public ConcurrentQueue<NodeNews> News { get; } = new();

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();

    private void Tell(OxenMqPeer peer, ServiceNodeDirectory directory, NodeChange change)
    {
        if (peer.Context is NodeConnection node)
            News.Enqueue(new NodeNews(node, peer, change));
        else
            directory.Wake(isNewConnection: change is NodeChange.Connected or NodeChange.Reconnected);
    }
}
