using FsCheck;
using FsCheck.Fluent;
using Sotto.Delivery;

namespace Senders.Tests.Delivery;

public sealed class RetryPaceTests
{
    [TestCase(0, 10)]
    [TestCase(1, 20)]
    [TestCase(3, 80)]
    [TestCase(30, 3600)]
    [TestCase(int.MaxValue, 3600)]
    public void Pauses_double_up_to_the_cap_with_full_jitter(int tries, int longest)
    {
        var pace = new RetryPace(TimeSpan.FromSeconds(10));

        var pauses = Enumerable.Range(0, 500).Select(seed => pace.After(tries, told: null, new Random(seed)).TotalSeconds).ToList();

        Assert.That(pauses, Is.All.InRange(longest / 2.0, longest));
        Assert.That(pauses.Min(), Is.LessThan(longest * 0.55), "the whole range is used");
        Assert.That(pauses.Max(), Is.GreaterThan(longest * 0.95), "the whole range is used");
    }

    [Test]
    public void A_told_wait_counts_when_it_is_longer_and_gets_a_little_jitter()
    {
        var pace = new RetryPace(TimeSpan.FromSeconds(10));

        Assert.That(pace.After(0, TimeSpan.FromSeconds(100), Random.Shared).TotalSeconds, Is.InRange(100, 110));
        Assert.That(pace.After(0, TimeSpan.FromSeconds(1), Random.Shared).TotalSeconds, Is.InRange(5, 10));
        Assert.That(pace.After(0, TimeSpan.FromDays(1), Random.Shared).TotalSeconds, Is.InRange(3600, 3960), "told waits are capped as well");
    }

    [Test]
    public void A_quick_try_comes_once_before_the_pauses_proper()
    {
        var pace = new RetryPace(TimeSpan.FromMinutes(15)) { Quick = TimeSpan.FromSeconds(5) };

        Assert.That(pace.After(0, told: null, Random.Shared).TotalSeconds, Is.InRange(2.5, 5));
        Assert.That(pace.After(1, told: null, Random.Shared).TotalMinutes, Is.InRange(7.5, 15));
        Assert.That(pace.After(2, told: null, Random.Shared).TotalMinutes, Is.InRange(15, 30));
    }

    [Test]
    public void A_rung_is_long_enough_and_never_too_long() => Prop.ForAll(
        Gen.Choose(0, 5000).Two().Zip(Gen.Choose(0, 5000)).ToArbitrary(),
        given =>
        {
            var ladder = new ParkingLadder([.. new[] { 1, 5, 15, 60, 300, 900, 1800, 3600 }.Select(seconds => TimeSpan.FromSeconds(seconds))]);
            var (wait, least, most) = (TimeSpan.FromSeconds(given.Item1.Item1), TimeSpan.FromSeconds(Math.Min(given.Item1.Item1, given.Item1.Item2)), TimeSpan.FromSeconds(given.Item2));

            var rung = ladder.RungFor(wait, least, most);

            var clipped = wait < ladder.Rungs[^1] ? wait : ladder.Rungs[^1];
            var fitting = ladder.Rungs.Where(candidate => candidate <= most && candidate >= (least < clipped ? least : clipped)).ToList();
            return rung is null ? fitting.Count == 0 : fitting.Contains(rung.Value) && (rung >= clipped || fitting.TrueForAll(other => other <= rung));
        }).QuickCheckThrowOnFailure();

    [TestCase("")]
    [TestCase("0")]
    [TestCase("1,x")]
    [TestCase("-1")]
    [TestCase("1.5")]
    [TestCase("3601")]
    [TestCase("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17")]
    [TestCase("99999999999999999999")]
    public void A_wrong_ladder_is_refused_with_a_sentence(string rungs)
    {
        var settings = new DeliverySettings { ParkingSeconds = rungs };

        Assert.That(settings.Validate(new(settings)).Select(result => result.ErrorMessage), Has.One.Contains("whole seconds"));
    }
}
