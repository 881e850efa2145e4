using Simulation.Listening;
using Simulation.Running;
using Simulation.Sealing;
using Simulation.Sending;

namespace Simulation;

/// <summary>The worlds that there are, and how one seed is played in one of them.</summary>
internal static class Worlds
{
    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, Func<Scheduler, World>> All { get; } = new Dictionary<string, Func<Scheduler, World>>(StringComparer.Ordinal)
    {
        ["sending"] = scheduler => new SendingWorld(scheduler),
        ["sealing"] = scheduler => new SealingWorld(scheduler),
        ["listening"] = scheduler => new ListeningWorld(scheduler),
    };

    /// <summary>Plays a seed; the same seed gives the same result, whenever and wherever.</summary>
    public static SeedResult Play(string world, int seed, bool keepsTrace = false)
    {
        var trace = new Trace(keepsTrace);
        var scheduler = new Scheduler(new Random(seed), trace);
        try
        {
            All[world](scheduler).Play();
        }
        // Whatever the code under test throws outside of an await is found here.
        catch (Exception e)
        {
            scheduler.Break($"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}");
        }
        finally
        {
            scheduler.End();
        }

        return new SeedResult(world, seed, scheduler.Violation, scheduler.Steps, trace.Fingerprint(), trace.Lines);
    }
}
