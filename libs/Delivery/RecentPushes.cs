namespace Sotto.Delivery;

/// <summary>
/// Knows which pushes are being handed over at this moment and what became of others lately, so that a frame that the broker delivers again does not ring twice, nor park, bury or
/// report what has been parked, buried or reported. Within this process only; bounded. Thread-safe.
/// </summary>
public sealed class RecentPushes(TimeProvider clock)
{
    /// <summary>Most settled pushes remembered.</summary>
    public const int CountMax = 100_000;

    /// <summary>How long a settled push is remembered.</summary>
    public static readonly TimeSpan MemoryMax = TimeSpan.FromMinutes(10);

    // What the provider has taken is done, whatever frame it comes in.
    private static readonly Guid AnyFrame = Guid.Empty;

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, InHand> _inHand = [];
    private readonly HashSet<(Guid Push, Guid Frame)> _settled = [];
    private readonly Queue<((Guid Push, Guid Frame) Key, long At)> _settledByAge = [];

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
                Forget();
                if (_settled.Contains((pushId, AnyFrame)) || _settled.Contains((pushId, frame)))
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
            var frame = end == PushEnd.Taken ? AnyFrame : inHand?.Frame ?? AnyFrame;
            if (end == PushEnd.Taken || (end != PushEnd.Unsettled && frame != AnyFrame))
                Remember((pushId, frame));
        }

        inHand?.End();
    }

    private void Remember((Guid Push, Guid Frame) key)
    {
        if (_settled.Add(key))
            _settledByAge.Enqueue((key, clock.GetTimestamp()));
    }

    private void Forget()
    {
        while (_settledByAge.TryPeek(out var first) && (_settledByAge.Count > CountMax || clock.GetElapsedTime(first.At) > MemoryMax))
            _settled.Remove(_settledByAge.Dequeue().Key);
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
