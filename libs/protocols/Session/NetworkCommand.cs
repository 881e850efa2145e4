namespace Sotto.Session;

/// <summary>The OxenMQ commands that a listener sends and hears (oxenmq sections 5 and 6).</summary>
public static class NetworkCommand
{
    /// <summary>Request to oxend: are you there? Reply: one part, <c>pong</c>.</summary>
    public const string Ping = "ping.ping";

    /// <summary>Request to oxend; see <see cref="ServiceNodeList"/>.</summary>
    public const string GetServiceNodes = "rpc.get_service_nodes";

    /// <summary>
    /// Request to oxend, no data: tell me of blocks for 30 minutes. Reply: <c>OK</c> when that is new, <c>ALREADY</c> when it was renewed. <c>OK</c> instead of
    /// <c>ALREADY</c> means that oxend was restarted.
    /// </summary>
    public const string SubscribeBlocks = "sub.block";

    /// <summary>Command from oxend: there is a new block. Parts: its height in decimal, its hash in 32 raw bytes.</summary>
    public const string NotifyBlock = "notify.block";

    /// <summary>Request to a storage server; see <see cref="MonitorRequest"/> and <see cref="MonitorReply"/>.</summary>
    public const string MonitorMessages = "monitor.messages";

    /// <summary>Command from a storage server; see <see cref="Session.NotifyMessage"/>.</summary>
    public const string NotifyMessage = "notify.message";
}
