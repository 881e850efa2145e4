using Sotto.OxenMq;
using Sotto.Session;

namespace SwarmListener.Nodes;

/// <summary>
/// Keeps up with the network through oxend: asks for its list of service nodes at start, at every block that it announces, and at every slow check,
/// since an announcement may be lost. Whatever happens to oxend, the last list stays in force.
/// </summary>
internal sealed class ServiceNodeDirectory(SwarmSettings settings, TimeProvider clock, ILogger<ServiceNodeDirectory> logger)
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10)];

    private readonly Bell _bell = new(clock);
    private ServiceNodeList? _news;
    private ServiceNodeList? _last;
    private long _height;
    private int _failures;
    private bool _isGreeted;
    private bool _isSubscribed;

    /// <summary>True from the first list on.</summary>
    public bool IsKnown => Volatile.Read(ref _height) > 0;

    /// <summary>Height of the last list's top block.</summary>
    public long Height => Volatile.Read(ref _height);

    /// <summary>Hash of the last list's top block; null before the first list.</summary>
    public string? BlockHash => Volatile.Read(ref _last)?.BlockHash;

    /// <summary>How many swarms the last list has.</summary>
    public long Swarms => Volatile.Read(ref _last)?.SwarmIds.Count ?? 0;

    /// <summary>The last list, once; null when there is none since the last call.</summary>
    public ServiceNodeList? TakeNews() => Interlocked.Exchange(ref _news, null);

    /// <summary>Something happened on the connection to oxend, or it announced a block: look again. On the I/O thread.</summary>
    public void Wake(bool isNewConnection)
    {
        if (isNewConnection)
            Volatile.Write(ref _isGreeted, false);
        _bell.Ring();
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(OxenMqClient client, CancellationToken cancellationToken)
    {
        var address = OxenMqAddress.Parse(settings.Oxend);
        while (true)
        {
            var peer = client.Connect(address, this);
            (_isGreeted, _isSubscribed) = (false, false);
            var reason = await StayAsync(client, peer, cancellationToken);
            client.Disconnect(peer);
            await PauseAsync(reason, cancellationToken);
        }
    }

    // Returns the reason for which the connection must be made anew.
    private async Task<string> StayAsync(OxenMqClient client, OxenMqPeer peer, CancellationToken cancellationToken)
    {
        var slowCheck = TimeSpan.FromSeconds(settings.SlowCheckSeconds);
        while (true)
        {
            if (peer.State == OxenMqPeerState.Closed)
                return "it cannot be reached";
            if (peer.State == OxenMqPeerState.Connected && await AskAsync(client, peer, cancellationToken) is { } reason)
                return reason;
            await _bell.WaitAsync(slowCheck, cancellationToken);
        }
    }

    // Returns what went wrong, or null.
    private async Task<string?> AskAsync(OxenMqClient client, OxenMqPeer peer, CancellationToken cancellationToken)
    {
        try
        {
            if (!Volatile.Read(ref _isGreeted))
            {
                var pong = await client.RequestAsync(peer, NetworkCommand.Ping, [], cancellationToken);
                if (pong.Count != 1 || !pong[0].Span.SequenceEqual("pong"u8))
                    return "it does not answer ping.ping as oxend does";
                Volatile.Write(ref _isGreeted, true);
                logger.OxendConnected();
            }

            await SubscribeAsync(client, peer, cancellationToken);
            Take(await client.RequestAsync(peer, NetworkCommand.GetServiceNodes, [Request], cancellationToken));
            _failures = 0;
            return null;
        }
        // A lost connection comes back by itself, and rings.
        catch (OxenMqException e) when (e.Failure == OxenMqFailure.Disconnected && peer.State != OxenMqPeerState.Closed)
        {
            return null;
        }
        catch (OxenMqException e)
        {
            return e.Message;
        }
    }

    private async Task SubscribeAsync(OxenMqClient client, OxenMqPeer peer, CancellationToken cancellationToken)
    {
        var reply = await client.RequestAsync(peer, NetworkCommand.SubscribeBlocks, [], cancellationToken);
        if (_isSubscribed && reply is [var word] && word.Span.SequenceEqual("OK"u8))
            logger.OxendRestarted();
        _isSubscribed = true;
    }

    private void Take(IReadOnlyList<ReadOnlyMemory<byte>> reply)
    {
        // An oxend that has just begun to follow the chain knows of nobody; that is no reason to leave everybody.
        if (!ServiceNodeList.TryParseReply(reply, out var list) || list.SwarmIds.Count == 0)
        {
            logger.ListRefused();
            return;
        }

        Volatile.Write(ref _last, list);
        Volatile.Write(ref _height, list.Height);
        Interlocked.Exchange(ref _news, list);
    }

    private Task PauseAsync(string reason, CancellationToken cancellationToken)
    {
        var pause = Pauses[Math.Min(_failures++, Pauses.Length - 1)];
        logger.OxendFailed(reason, pause);
        return Task.Delay(pause, clock, cancellationToken);
    }

    private static ReadOnlyMemory<byte> Request { get; } = System.Text.Encoding.ASCII.GetBytes(ServiceNodeList.Request);
}
