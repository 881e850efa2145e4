using System.Diagnostics.CodeAnalysis;

namespace Sotto.OxenMq.Engine;

/// <summary>What the I/O thread knows of one peer. All but <see cref="TryReserve"/> belongs to that thread alone.</summary>
internal sealed class PeerConnection(OxenMqPeer peer)
{
    // A handful at most, so a list in the order of sending serves every search.
    private readonly List<PendingRequest> _pending = [];
    private int _inFlight;

    public OxenMqPeer Peer { get; } = peer;

    /// <summary>The name of the connection at our ROUTER; a new one for each connect, since libzmq aborts on a repeated one.</summary>
    public ulong Label { get; set; }

    /// <summary>Whether the peer ever said HELLO, so that the next one is a reconnect.</summary>
    public bool WasConnected { get; set; }

    /// <summary>Handshakes since the last connect call. Before the first one our HI is queued in libzmq; before the later ones it is not.</summary>
    public int Handshakes { get; set; }

    public OxenMqPeerFailure FailureSoFar { get; set; }

    /// <summary>When the HELLO that we wait for is overdue, as a clock timestamp; null if we wait for none.</summary>
    public long? HelloDueAt { get; set; }

    /// <summary>When a lost connection is checked for whether libzmq still cares about it; null if it has been.</summary>
    public long? CheckAt { get; set; }

    public long HeardAt { get; set; }

    public IReadOnlyList<PendingRequest> Pending => _pending;

    /// <summary>Counts a request in, from any thread, unless there are too many.</summary>
    public bool TryReserve(int requestsMax)
    {
        if (Interlocked.Increment(ref _inFlight) <= requestsMax)
            return true;

        Interlocked.Decrement(ref _inFlight);
        return false;
    }

    public void Release() => Interlocked.Decrement(ref _inFlight);

    public void Add(PendingRequest request) => _pending.Add(request);

    public bool TryTakeByTag(ReadOnlySpan<byte> tag, [NotNullWhen(true)] out PendingRequest? request)
    {
        for (var i = 0; i < _pending.Count; i++)
        {
            if (tag.SequenceEqual(_pending[i].Tag))
                return Take(i, out request);
        }

        request = null;
        return false;
    }

    /// <summary>The oldest request of that name: a refusal in the form for commands has no tag.</summary>
    public bool TryTakeByName(ReadOnlySpan<byte> name, [NotNullWhen(true)] out PendingRequest? request)
    {
        for (var i = 0; i < _pending.Count; i++)
        {
            if (name.SequenceEqual(_pending[i].Name))
                return Take(i, out request);
        }

        request = null;
        return false;
    }

    public bool TryTakeSentBefore(long timestamp, [NotNullWhen(true)] out PendingRequest? request)
    {
        if (_pending.Count > 0 && _pending[0].SentAt <= timestamp)
            return Take(0, out request);

        request = null;
        return false;
    }

    public void FailAll()
    {
        while (_pending.Count > 0)
        {
            Take(0, out PendingRequest request);
            request.Fail(OxenMqFailure.Disconnected);
        }
    }

    private bool Take(int index, out PendingRequest request)
    {
        request = _pending[index];
        _pending.RemoveAt(index);
        Release();
        return true;
    }
}
