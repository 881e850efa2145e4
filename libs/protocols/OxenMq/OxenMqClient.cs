namespace Sotto.OxenMq;

/// <summary>A client of any number of OxenMQ listeners. One I/O thread owns every socket; all members are thread-safe.</summary>
public sealed class OxenMqClient : IDisposable
{
    private readonly OxenMqOptions options;
    private int closed;

    /// <summary>Starts the I/O thread.</summary>
    public OxenMqClient(OxenMqOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
    }

    /// <summary>What was seen so far.</summary>
    public OxenMqCounters Counters { get; }

    /// <summary>Begins to connect and returns at once; the callbacks of the options tell the rest.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="context">What the caller wants to find again in <see cref="OxenMqPeer.Context"/>.</param>
    public OxenMqPeer Connect(OxenMqAddress address, object? context = null)
    {
        ObjectDisposedException.ThrowIf(closed != 0, this);
        return new OxenMqPeer(address, context);
    }

    /// <summary>Closes the connection; requests in flight fail, and nothing more is heard of the peer. Harmless if it is closed already.</summary>
    public void Disconnect(OxenMqPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (closed == 0)
            peer.State = OxenMqPeerState.Closed;
    }

    /// <summary>Sends a request and awaits its reply.</summary>
    /// <returns>The data parts of the reply, without its tag; possibly none.</returns>
    /// <exception cref="OxenMqException">No reply; see <see cref="OxenMqException.Failure"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the request still counts as in flight until it is answered or times out.</exception>
    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> RequestAsync(
        OxenMqPeer peer, string command, IReadOnlyList<ReadOnlyMemory<byte>> parts, CancellationToken cancellation) =>
        options.RequestsInFlightMax > 0 ? Task.FromException<IReadOnlyList<ReadOnlyMemory<byte>>>(new OxenMqException(OxenMqFailure.Disconnected)) : throw new InvalidOperationException("No requests are allowed.");

    /// <summary>Closes everything; requests in flight fail. Returns when the I/O thread has ended.</summary>
    public void Dispose()
    {
        closed = 1;
    }
}
