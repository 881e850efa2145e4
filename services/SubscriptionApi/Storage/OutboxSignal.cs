namespace SubscriptionApi.Storage;

/// <summary>Wakes the publisher when this process has committed something to the outbox.</summary>
internal sealed class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim _wakes = new(0);

    public void Wake()
    {
        // Two at once may both release; that wakes the publisher once too often.
        if (_wakes.CurrentCount == 0)
            _wakes.Release();
    }

    /// <summary>Returns when woken, at the latest after <paramref name="atMost"/>: other processes commit too.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _wakes.WaitAsync(atMost, cancellationToken);

    public void Dispose() => _wakes.Dispose();
}
