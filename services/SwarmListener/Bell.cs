namespace SwarmListener;

/// <summary>Wakes one loop from any thread. Rings while the loop is at work are kept, many as one.</summary>
internal sealed class Bell(TimeProvider clock)
{
    private TaskCompletionSource _rung = NewRing();

    /// <summary>Wakes the loop, now or when it next waits. Never blocks.</summary>
    public void Ring() => Volatile.Read(ref _rung).TrySetResult();

    /// <summary>
    /// Returns when the bell is rung, or after <paramref name="atMost"/>. For one waiter, which looks at its work after this returns.
    /// </summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            await _rung.Task.WaitAsync(atMost, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            return;
        }

        Volatile.Write(ref _rung, NewRing());
    }

    private static TaskCompletionSource NewRing() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
