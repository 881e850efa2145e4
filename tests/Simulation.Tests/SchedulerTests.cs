using NUnit.Framework;
using Simulation.Running;

namespace Simulation.Tests;

/// <summary>What would make a seed replay differently, though nothing of the world has changed.</summary>
public sealed class SchedulerTests
{
    private const int Seed = 7;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Timers of a process that died end when they are collected, which is at another moment each time.
    [Test]
    public void The_timers_of_a_dead_process_draw_no_chance()
    {
        Assert.That(ChanceAfterDeath(isCollected: true), Is.EqualTo(ChanceAfterDeath(isCollected: false)));

        static int ChanceAfterDeath(bool isCollected)
        {
            var scheduler = new Scheduler(new Random(Seed), new Trace(keepsLines: false));
            var process = new Process(scheduler, "one");
            ITimer? timer = null;
            process.Post(() => timer = scheduler.Time.CreateTimer(_ => { }, state: null, Second, Second));
            scheduler.RunUntil(5 * Second);
            process.Kill();
            if (isCollected)
                timer!.Dispose();
            scheduler.RunUntil(60 * Second);
            return scheduler.Random.Next();
        }
    }

    [Test]
    public void What_a_world_left_behind_may_be_collected_on_any_thread()
    {
        var scheduler = new Scheduler(new Random(Seed), new Trace(keepsLines: false));
        var process = new Process(scheduler, "one");
        scheduler.RunUntil(Second);
        scheduler.End();

        Assert.That(() => Task.Run(() => process.Post(_ => { }, state: null)), Throws.Nothing);
    }
}
