namespace SubscriptionApi;

/// <summary>
/// Does together what many ask for at the same time: what comes while earlier work is under way waits, and is then done at once, in the order in which it came. Nobody who
/// comes alone waits for others. Thread-safe.
/// </summary>
/// <typeparam name="TItem">What is asked for.</typeparam>
/// <typeparam name="TResult">What comes of it.</typeparam>
/// <param name="itemsMax">Most items done at once.</param>
/// <param name="underWayMax">Most works under way at one time.</param>
/// <param name="waitingMax">Most items that wait.</param>
/// <param name="work">Does the work; gives a result for each item, in their order. When it throws, it has failed for all of them.</param>
internal sealed class Gathering<TItem, TResult>(
    int itemsMax, int underWayMax, int waitingMax, Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> work)
{
    private readonly Lock _gate = new();
    private readonly Queue<Asked> _waiting = [];
    private int _underWay;

    /// <summary>Completes when the item has been done. Who gives up before it was begun has changed nothing; what was begun is finished.</summary>
    /// <exception cref="GatheringFullException">Too many wait already.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public Task<TResult> DoAsync(TItem item, CancellationToken cancellationToken)
    {
        var asked = new Asked(item, cancellationToken);
        lock (_gate)
        {
            if (_waiting.Count >= waitingMax)
                throw new GatheringFullException();
            _waiting.Enqueue(asked);
            if (_underWay < underWayMax)
            {
                _underWay++;
                _ = Task.Run(WorkAsync, CancellationToken.None);
            }
        }

        return asked.Task.WaitAsync(cancellationToken);
    }

    private async Task WorkAsync()
    {
        while (Take() is { Count: > 0 } taken)
        {
            try
            {
                var results = await work([.. taken.Select(asked => asked.Item)]);
                for (var number = 0; number < taken.Count; number++)
                    taken[number].SetResult(results[number]);
            }
            catch (Exception e)
            {
                foreach (var asked in taken)
                    asked.TrySetException(e);
            }
        }
    }

    // Nothing, when the caller is to end.
    private List<Asked> Take()
    {
        var taken = new List<Asked>();
        lock (_gate)
        {
            while (taken.Count < itemsMax && _waiting.TryDequeue(out var asked))
            {
                if (!asked.GaveUp)
                    taken.Add(asked);
            }

            if (taken.Count == 0)
                _underWay--;
        }

        return taken;
    }

    private sealed class Asked(TItem item, CancellationToken cancellationToken) : TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TItem Item => item;

        public bool GaveUp => cancellationToken.IsCancellationRequested;
    }
}

/// <summary>More is asked for than can be done; what is asked now would wait too long.</summary>
internal sealed class GatheringFullException() : Exception("Too much is waiting.");
