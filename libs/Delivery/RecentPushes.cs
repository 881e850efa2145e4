namespace Sotto.Delivery;

/// <summary>
/// Knows which pushes are being handed over at this moment and which were taken lately, so that a frame that the broker delivers again does not ring twice.
/// Within this process only; bounded. Thread-safe.
/// </summary>
public sealed class RecentPushes(TimeProvider clock)
{
    /// <summary>Most taken pushes remembered.</summary>
    public const int CountMax = 100_000;

    /// <summary>How long a taken push is remembered.</summary>
    public static readonly TimeSpan MemoryMax = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, InHand> _inHand = [];
    private readonly HashSet<Guid> _taken = [];
    private readonly Queue<(Guid Id, DateTimeOffset At)> _takenByAge = [];

    /// <summary>
    /// Takes a push in hand. When it is in hand already, waits until it no longer is. Then the same frame, delivered again, has nothing to do any more; but a push in another frame is
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
                if (_taken.Contains(pushId))
                    return false;
                if (!_inHand.TryGetValue(pushId, out other))
                {
                    _inHand.Add(pushId, new InHand(frame));
                    return true;
                }
            }

            var end = await other.Ended.WaitAsync(cancellationToken);
            if (end == PushEnd.Taken || (end != PushEnd.Unsettled && frame != Guid.Empty && frame == other.Frame))
                return false;
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
            if (end == PushEnd.Taken && _taken.Add(pushId))
                _takenByAge.Enqueue((pushId, clock.GetUtcNow()));
        }

        inHand?.End(end);
    }

    private void Forget()
    {
        var oldest = clock.GetUtcNow() - MemoryMax;
        while (_takenByAge.TryPeek(out var first) && (first.At < oldest || _takenByAge.Count > CountMax))
            _taken.Remove(_takenByAge.Dequeue().Id);
    }

    private sealed class InHand(Guid frame)
    {
        private readonly TaskCompletionSource<PushEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Guid Frame => frame;

        public Task<PushEnd> Ended => _ended.Task;

        public void End(PushEnd end) => _ended.TrySetResult(end);
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
