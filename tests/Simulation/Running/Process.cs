namespace Simulation.Running;

/// <summary>Something that can crash: after <see cref="Kill"/> nothing of it takes another step, wherever it was, and nobody tells it.</summary>
internal sealed class Process(Scheduler scheduler, string name) : SynchronizationContext
{
    private readonly List<(SendOrPostCallback Callback, object? State)> _held = [];
    private int _stepsLeft = int.MaxValue;
    private bool _isStopped;

    /// <summary>Its name in the trace.</summary>
    public string Name => name;

    /// <summary>False once it has crashed or ended.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Told once, when it crashes.</summary>
    public Action? Died { get; set; }

    /// <summary>Crashes it.</summary>
    public void Kill()
    {
        if (!IsAlive)
            return;
        IsAlive = false;
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"{name} dies");
        Died?.Invoke();
    }

    /// <summary>Crashes it after so many steps more, which may be in the middle of anything.</summary>
    public void KillAfter(int steps) => _stepsLeft = steps;

    /// <summary>Stops it, alive but still, for a while.</summary>
    public void StopFor(TimeSpan pause)
    {
        _isStopped = true;
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"{name} stands still for {pause.TotalSeconds:0} s");
        scheduler.After(pause, () =>
        {
            _isStopped = false;
            foreach (var (callback, state) in _held)
                scheduler.Enqueue(this, callback, state);
            _held.Clear();
        });
    }

    /// <summary>Begins something in this process. What it throws breaks a promise, unless the process has died.</summary>
    public void Start(Func<Task> work) => Post(() => _ = WatchAsync(work));

    /// <summary>Does something in this process, soon.</summary>
    public void Post(Action act) => Post(static state => ((Action)state!)(), act);

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsAlive)
            scheduler.Enqueue(this, d, state);
    }

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nobody waits for a step.");

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    internal void Run(SendOrPostCallback callback, object? state)
    {
        if (!IsAlive)
            return;
        if (_isStopped)
        {
            _held.Add((callback, state));
            return;
        }

        if (--_stepsLeft < 0)
        {
            Kill();
            return;
        }

        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            callback(state);
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    private async Task WatchAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException)
        {
            // The usual end of a loop.
        }
        catch (Exception e)
        {
            scheduler.Break($"{name} threw {e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}");
        }
    }
}
