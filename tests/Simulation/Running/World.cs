namespace Simulation.Running;

/// <summary>One part of the system with fakes around it, played with one seed.</summary>
internal abstract class World(Scheduler scheduler)
{
    /// <summary>Who plays it.</summary>
    protected Scheduler Scheduler => scheduler;

    /// <summary>Plays it to its end. What breaks is told to the scheduler.</summary>
    public abstract void Play();

    /// <summary>Writes a line of the trace.</summary>
    protected void Say(FormattableString what) => scheduler.Trace.Add(scheduler.Time.Elapsed, what);
}

/// <summary>What came of one seed in one world.</summary>
/// <param name="World">Which world.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Violation">The broken promise; null when all were kept.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Fingerprint">Of the trace.</param>
/// <param name="Trace">Its lines, when they were asked for.</param>
internal sealed record SeedResult(string World, int Seed, string? Violation, int Steps, string Fingerprint, IReadOnlyList<string> Trace);
