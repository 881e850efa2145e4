namespace Simulation.Running;

/// <summary>
/// One thread that plays a whole system: a step at a time, of all steps that could be next the one that the seed chooses. The code under it is the
/// services' own; it is scheduled because each of its awaits comes back through the <see cref="Process"/> that it belongs to.
/// </summary>
/// <remarks>Not thread-safe; nothing of it may reach another thread, or a seed would not replay.</remarks>
internal sealed class Scheduler
{
    // A seed that needs more than that runs in a circle.
    private const int StepsMax = 2_000_000;

    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly List<Step> _ready = [];
    private int _steps;
    private volatile bool _hasEnded;

    public Scheduler(Random random, Trace trace)
    {
        (Random, Trace) = (random, trace);
        Time = new SimulatedTime(this);
        World = new Process(this, "world");
    }

    /// <summary>Where all chance comes from.</summary>
    public Random Random { get; }

    /// <summary>What happened.</summary>
    public Trace Trace { get; }

    /// <summary>The only clock.</summary>
    public SimulatedTime Time { get; }

    /// <summary>What is outside: it never crashes.</summary>
    public Process World { get; }

    /// <summary>The first thing that ought not to have happened; null while there is none.</summary>
    public string? Violation { get; private set; }

    /// <summary>Steps taken so far.</summary>
    public int Steps => _steps;

    /// <summary>True with this probability.</summary>
    public bool Chance(double probability) => Random.NextDouble() < probability;

    /// <summary>A time between two, evenly.</summary>
    public TimeSpan Between(double secondsMin, double secondsMax) => TimeSpan.FromSeconds(secondsMin + (Random.NextDouble() * (secondsMax - secondsMin)));

    /// <summary>Does something outside after a while.</summary>
    public void After(TimeSpan wait, Action act) => Time.Arm(wait, () => World.Post(act));

    /// <summary>Waits outside; comes back in the process that asked.</summary>
    public Task Delay(TimeSpan wait) => Task.Delay(wait, Time);

    /// <summary>Says that a promise is broken; the first one counts and ends the run.</summary>
    public void Break(string sentence)
    {
        Violation ??= sentence;
        Trace.Add(Time.Elapsed, $"BROKEN: {sentence}");
    }

    /// <summary>Plays until a moment, or until a promise is broken.</summary>
    public void RunUntil(TimeSpan elapsed)
    {
        while (Violation is null)
        {
            if (_ready.Count > 0)
                Take();
            else if (!Time.FireNext(elapsed))
                return;
        }
    }

    /// <summary>Takes no more steps: what was left in the middle may still wake others when it is collected, on a thread of its own.</summary>
    public void End() => _hasEnded = true;

    internal void Enqueue(Process process, SendOrPostCallback callback, object? state)
    {
        if (_hasEnded)
            return;
        if (Environment.CurrentManagedThreadId != _thread)
            throw new InvalidOperationException("A step came from another thread: this seed would not replay.");
        _ready.Add(new Step(process, callback, state));
    }

    private void Take()
    {
        if (++_steps > StepsMax)
        {
            Break($"no end after {StepsMax} steps");
            return;
        }

        var index = Random.Next(_ready.Count);
        var step = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        step.Process.Run(step.Callback, step.State);
    }

    private readonly record struct Step(Process Process, SendOrPostCallback Callback, object? State);
}
