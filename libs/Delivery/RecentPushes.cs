namespace Sotto.Delivery;

/// <summary>
/// Knows which pushes are being handed over at this moment and what became of others lately, so that a frame that the broker delivers again does not ring twice, nor park, bury or
/// report what has been parked, buried or reported. Within this process only; bounded. Thread-safe.
/// </summary>
public sealed class RecentPushes(TimeProvider clock)
{
    /// <summary>Most taken pushes remembered, and as many of those that ended otherwise.</summary>
    public const int CountMax = 100_000;

    /// <summary>How long either are remembered.</summary>
    public static readonly TimeSpan MemoryMax = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, InHand> _inHand = [];
    // What the provider has taken is done, whatever frame it comes in. Apart, so that an outage, in which very many pushes are moved, does not push these out.
    private readonly Remembered<Guid> _taken = new(clock);
    private readonly Remembered<(Guid Push, Guid Frame)> _settled = new(clock);

    /// <summary>
    /// Takes a push in hand. When it is in hand already, waits until it no longer is. The same frame, delivered again, then has nothing to do any more; but a push in another frame is
    /// taken in hand all the same unless the provider has it: a queue may give out what was moved there before the confirm of the move is here, and so may a person what became a dead letter.
    /// </summary>
    /// <param name="pushId">Which.</param>
    /// <param name="frame">The frame that it came in; empty when that is not known, which is a frame of its own.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>True when the caller has it in hand and must call <see cref="End"/>; false when somebody else has seen to it.</returns>
    public async ValueTask<bool> BeginAsync(Guid pushId, Guid frame, CancellationToken cancellationToken)
    {
        while (true)
        {
            InHand? other;
            lock (_gate)
            {
                if (_taken.Contains(pushId) || _settled.Contains((pushId, frame)))
                    return false;
                if (!_inHand.TryGetValue(pushId, out other))
                {
                    _inHand.Add(pushId, new InHand(frame));
                    return true;
                }
            }

            await other.Ended.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Puts a push down.</summary>
    /// <param name="pushId">Which.</param>
    /// <param name="end">What has become of it.</param>
    public void End(Guid pushId, PushEnd end)
    {
        InHand? inHand;
        lock (_gate)
        {
            _inHand.Remove(pushId, out inHand);
            if (end == PushEnd.Taken)
                _taken.Add(pushId);
            else if (end != PushEnd.Unsettled && inHand is { Frame: var frame } && frame != Guid.Empty)
                _settled.Add((pushId, frame));
        }

        inHand?.End();
    }

    private sealed class Remembered<T>(TimeProvider clock)
    {
        private readonly HashSet<T> _keys = [];
        private readonly Queue<(T Key, long At)> _byAge = [];

        public bool Contains(T key)
        {
            Forget();
            return _keys.Contains(key);
        }

        public void Add(T key)
        {
            if (_keys.Add(key))
                _byAge.Enqueue((key, clock.GetTimestamp()));
        }

        private void Forget()
        {
            while (_byAge.TryPeek(out var first) && (_byAge.Count > CountMax || clock.GetElapsedTime(first.At) > MemoryMax))
                _keys.Remove(_byAge.Dequeue().Key);
        }
    }

    private sealed class InHand(Guid frame)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Guid Frame => frame;

        public Task Ended => _ended.Task;

        public void End() => _ended.TrySetResult();
    }
}

/// <summary>What has become of a push that was in hand.</summary>
public enum PushEnd
{
    /// <summary>Nothing that is sure; it must be taken in hand again.</summary>
    Unsettled,

    /// <summary>The provider has it.</summary>
    Taken,

    /// <summary>A copy of it waits in another queue of the broker and will come from there.</summary>
    Moved,

    /// <summary>It is a dead letter, or it has expired: nothing will come.</summary>
    Ended,
}
