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
    private readonly Dictionary<Guid, TaskCompletionSource<bool>> _inHand = [];
    private readonly HashSet<Guid> _taken = [];
    private readonly Queue<(Guid Id, DateTimeOffset At)> _takenByAge = [];

    /// <summary>
    /// Takes a push in hand. When it is in hand already, waits until it no longer is. What was moved within the broker is then taken in hand once more: a queue may give out the copy before
    /// the confirm of it is here, and then it is the only one.
    /// </summary>
    /// <returns>True when the caller has it in hand and must call <see cref="End"/>; false when somebody else has seen to it.</returns>
    public async ValueTask<bool> BeginAsync(Guid pushId, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<bool> other;
            lock (_gate)
            {
                Forget();
                if (_taken.Contains(pushId))
                    return false;
                if (!_inHand.TryGetValue(pushId, out var end))
                {
                    _inHand.Add(pushId, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
                    return true;
                }

                other = end.Task;
            }

            if (await other.WaitAsync(cancellationToken))
                return false;
        }
    }

    /// <summary>Puts a push down.</summary>
    /// <param name="pushId">Which.</param>
    /// <param name="end">What has become of it.</param>
    public void End(Guid pushId, PushEnd end)
    {
        TaskCompletionSource<bool>? waiting;
        lock (_gate)
        {
            _inHand.Remove(pushId, out waiting);
            if (end == PushEnd.Taken && _taken.Add(pushId))
                _takenByAge.Enqueue((pushId, clock.GetUtcNow()));
        }

        waiting?.TrySetResult(end is PushEnd.Taken or PushEnd.Ended);
    }

    private void Forget()
    {
        var oldest = clock.GetUtcNow() - MemoryMax;
        while (_takenByAge.TryPeek(out var first) && (first.At < oldest || _takenByAge.Count > CountMax))
            _taken.Remove(_takenByAge.Dequeue().Id);
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
