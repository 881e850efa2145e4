using Microsoft.Extensions.Logging.Abstractions;
using Sotto.Hosting;
using Sotto.Hosting.Bus;
using Sotto.TestSupport;

namespace Hosting.Tests;

/// <summary>What hangs must not look alive for ever.</summary>
public sealed class LastResortTests
{
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(45);

    private readonly ManualTimeProvider _clock = new();

    [Test]
    public void A_step_that_does_not_end_ends_the_process_once()
    {
        var ends = 0;
        using var lastResort = new LastResort("The stop", Max, _clock, NullLogger.Instance, () => ends++);

        _clock.Advance(Max - TimeSpan.FromSeconds(1));
        Assert.That(ends, Is.Zero);
        _clock.Advance(TimeSpan.FromSeconds(1));
        _clock.Advance(10 * Max);
        Assert.That(ends, Is.EqualTo(1));
    }

    [Test]
    public void A_step_that_has_ended_ends_nothing()
    {
        var ends = 0;
        new LastResort("The stop", Max, _clock, NullLogger.Instance, () => ends++).Dispose();

        _clock.Advance(10 * Max);

        Assert.That(ends, Is.Zero);
    }

    [TestCase(true, false, 1)]
    [TestCase(true, true, 0)]
    [TestCase(false, false, 0)]
    public async Task A_bus_that_does_not_start_ends_a_service_and_no_test(bool isArmed, bool starts, int expected)
    {
        var ends = 0;
        using var watch = new BusStartWatch(_clock, NullLogger<BusStartWatch>.Instance) { End = () => ends++ };
        if (isArmed)
            watch.Arm();

        await new BusStartWatch.Before(watch).StartAsync(CancellationToken.None);
        if (starts)
            await new BusStartWatch.After(watch).StartAsync(CancellationToken.None);
        _clock.Advance(BusStartWatch.Max);

        Assert.That(ends, Is.EqualTo(expected));
    }
}
