using Sotto.Cli.Load;

namespace Cli.Tests.Load;

/// <summary>What a load's figures rest on.</summary>
public sealed class OpenLoopTests
{
    [Test]
    public async Task A_server_that_stalls_is_charged_for_all_who_came_meanwhile()
    {
        var clock = new ManualTimeProvider();
        var loop = new OpenLoop(perSecond: 10, clock);
        var latencies = new Latencies();
        var answers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var work = loop.RunAsync(
            5,
            async (_, due) =>
            {
                await answers.Task;
                latencies.Add(clock.GetElapsedTime(due));
            },
            CancellationToken.None);
        await Eventually.BecomesTrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(loop.State.Begun == 5);
        });
        clock.Advance(TimeSpan.FromSeconds(10));
        answers.SetResult();
        await work;

        Assert.That(latencies.Count, Is.EqualTo(5));
        Assert.That(latencies.Percentile(0), Is.EqualTo(TimeSpan.Zero));
        Assert.That(latencies.Percentile(0.2), Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(10)));
        Assert.That(latencies.Max, Is.GreaterThanOrEqualTo(latencies.Percentile(0.2) + TimeSpan.FromMilliseconds(200)));
    }

    [Test]
    public void Percentiles_are_within_two_per_cent_over_the_whole_range()
    {
        for (var exponent = 0; exponent < 9; exponent++)
        {
            var (latencies, step) = (new Latencies(), Math.Pow(10, exponent));
            for (var number = 1; number <= 100; number++)
                latencies.Add(TimeSpan.FromMicroseconds(number * step));

            Assert.That(latencies.Percentile(0.5).TotalMicroseconds, Is.EqualTo(50 * step).Within(2).Percent);
            Assert.That(latencies.Percentile(0.99).TotalMicroseconds, Is.EqualTo(99 * step).Within(2).Percent);
            Assert.That(latencies.Percentile(1).TotalMicroseconds, Is.EqualTo(100 * step).Within(0.01).Percent);
        }
    }
}
