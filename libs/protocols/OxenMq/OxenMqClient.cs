using Sotto.OxenMq.Engine;

namespace Sotto.OxenMq;

/// <summary>A client of any number of OxenMQ listeners. One I/O thread owns every socket; all members are thread-safe.</summary>
/// <remarks>
/// Needs <c>libzmq.so.5</c> with CURVE. Bounds: requests in flight for each peer; what is received is handed on at once and never queued here, so a
/// handler that falls behind must itself drop or spill.
/// </remarks>
public sealed class OxenMqClient : IDisposable
{
    private readonly OxenMqOptions _options;
    private readonly Tally _tally = new();
    private readonly IoThread _io;

    /// <summary>Starts the I/O thread.</summary>
    /// <exception cref="InvalidOperationException">libzmq refused an option or is missing; the message says which.</exception>
    public OxenMqClient(OxenMqOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _io = new IoThread(_options, _tally);
    }

    /// <summary>What was seen so far.</summary>
    public OxenMqCounters Counters => _tally.Read();

    /// <summary>
    /// Begins to connect and returns at once; the callbacks of the options tell the rest. Requests may follow at once: they go out behind the
    /// greeting. Each handshake costs about 0.6 ms of CPU here and as much there, all within the HELLO time-out: connect hundreds at a time, not thousands.
    /// </summary>
    /// <param name="address">Where to. Another peer at the same endpoint under another key is possible, but closing one reconnects the other.</param>
    /// <param name="context">What the caller wants to find again in <see cref="OxenMqPeer.Context"/>.</param>
    public OxenMqPeer Connect(OxenMqAddress address, object? context = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        var peer = new OxenMqPeer(address, context);
        _io.Post(life => life?.Open(peer.Connection));
        return peer;
    }

    /// <summary>Closes the connection; requests in flight fail, and nothing more is heard of the peer. Harmless if it is closed already.</summary>
    public void Disconnect(OxenMqPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        _io.Post(life => life?.Close(peer.Connection));
    }

    /// <summary>Sends a request and awaits its reply.</summary>
    /// <param name="peer">To whom.</param>
    /// <param name="command">The full name, such as <c>monitor.messages</c>.</param>
    /// <param name="parts">The data parts; they must not change until the task ends.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The data parts of the reply, without its tag; possibly none.</returns>
    /// <exception cref="OxenMqException">No reply; see <see cref="OxenMqException.Failure"/>.</exception>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled; the request still counts as in flight until it is answered or times out.
    /// </exception>
    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> RequestAsync(
        OxenMqPeer peer, string command, IReadOnlyList<ReadOnlyMemory<byte>> parts, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentException.ThrowIfNullOrEmpty(command);
        ArgumentNullException.ThrowIfNull(parts);
        cancellation.ThrowIfCancellationRequested();

        var connection = peer.Connection;
        var request = new PendingRequest(command, parts);
        if (!connection.TryReserve(_options.RequestsInFlightMax))
        {
            request.Fail(OxenMqFailure.Busy);
            return request.Reply;
        }

        _io.Post(life =>
        {
            if (life is null)
                request.Fail(OxenMqFailure.Disconnected);
            else
                life.Send(connection, request);
        });
        return request.Reply.WaitAsync(cancellation);
    }

    /// <summary>Closes everything; requests in flight fail. Returns when the I/O thread has ended, or at once within a callback.</summary>
    public void Dispose() => _io.Dispose();
}
