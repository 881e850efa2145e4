using System.Threading.Channels;
using Sotto.OxenMq;

namespace OxenMq.Tests;

/// <summary>A client whose callbacks write down what they were told, in order.</summary>
internal sealed class ObservedClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<string> _seen = Channel.CreateUnbounded<string>();

    public ObservedClient(Func<OxenMqOptions, OxenMqOptions>? change = null)
    {
        var options = new OxenMqOptions
        {
            Keys = Keys,
            Commands = new Dictionary<string, OxenMqCommandHandler>(StringComparer.Ordinal)
            {
                ["notify.message"] = (peer, parts) => Note(peer, "message of " + string.Join('+', parts.Select(part => part.Length))),
                ["notify.fault"] = (_, _) => throw new InvalidOperationException("A handler fails."),
            },
            PeerConnected = (peer, isReconnect) => Note(peer, isReconnect ? "reconnected" : "connected"),
            PeerDisconnected = peer => Note(peer, "disconnected"),
            PeerFailed = (peer, failure) => Note(peer, "failed: " + failure),
        };
        Client = new OxenMqClient(change?.Invoke(options) ?? options);
    }

    public OxenMqKeyPair Keys { get; } = OxenMqKeyPair.Generate();

    public OxenMqClient Client { get; }

    /// <summary>What the callbacks say next, such as "connected"; the peer's context, if it has one, comes first.</summary>
    public async Task<string> NextAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        return await _seen.Reader.ReadAsync(patience.Token);
    }

    public bool HasSeenNothing => !_seen.Reader.TryPeek(out _);

    public async Task<OxenMqPeer> ConnectAsync(RawListener listener)
    {
        var peer = Client.Connect(listener.Address);
        await listener.GreetAsync();
        Assert.That(await NextAsync(), Is.EqualTo("connected"));
        return peer;
    }

    public void Dispose() => Client.Dispose();

    private void Note(OxenMqPeer peer, string what) => _seen.Writer.TryWrite(peer.Context is null ? what : $"{peer.Context} {what}");
}
