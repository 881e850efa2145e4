using Sotto.Delivery;
using Sotto.WebPush;
using WebPushSender;

namespace Senders.Tests.Delivery;

/// <summary>When the endpoint of a stranger's server is believed to be dead.</summary>
public sealed class EndpointHistoryTests
{
    private static readonly WebPushResponse Silence = new() { Silence = "refused" };
    private static readonly WebPushResponse Gone = new() { Status = 404 };
    private static readonly DeliveryOutcome Again = new DeliveryOutcome.RetryLater("refused", new RetryPace(TimeSpan.FromSeconds(10)));
    private static readonly DeliveryOutcome Dead = new DeliveryOutcome.TokenDead("status 404");

    private readonly ManualTimeProvider _clock = new();
    private readonly byte[] _device = new byte[DeviceTokens.DeviceIdSize];

    [Test]
    public void A_server_that_was_tried_every_day_for_fourteen_days_is_gone_since_the_first_of_them()
    {
        var history = new EndpointHistory(_clock);
        var begun = _clock.GetUtcNow();
        for (var day = 0; day < 14; day++)
        {
            Assert.That(Judge(history, Silence, Again), Is.SameAs(Again), $"day {day}");
            _clock.Advance(TimeSpan.FromDays(1));
        }

        var end = (DeliveryOutcome.TokenDead)Judge(history, Silence, Again);

        Assert.That(end.LooksLikeOurs);
        Assert.That(end.Since, Is.EqualTo(begun), "a token that was renewed meanwhile lives");
    }

    [Test]
    public void Two_failures_two_weeks_apart_say_nothing_of_the_time_between_them()
    {
        var history = new EndpointHistory(_clock);
        Judge(history, Silence, Again);
        _clock.Advance(TimeSpan.FromDays(15));

        Assert.That(Judge(history, Silence, Again), Is.SameAs(Again));
    }

    [Test]
    public void A_server_that_answers_once_begins_anew()
    {
        var history = new EndpointHistory(_clock);
        for (var day = 0; day < 20; day++)
        {
            Assert.That(Judge(history, day == 10 ? new WebPushResponse { Status = 500 } : Silence, Again), Is.SameAs(Again));
            _clock.Advance(TimeSpan.FromDays(1));
        }
    }

    [TestCase(4.9, false)]
    [TestCase(5, true)]
    [TestCase(2_880, true)]
    [TestCase(2_881, false)]
    public void A_stranger_says_twice_that_an_endpoint_is_gone_and_soon_enough(double minutesApart, bool isBelieved)
    {
        var history = new EndpointHistory(_clock);
        Assert.That(Judge(history, Gone, Dead), Is.TypeOf<DeliveryOutcome.RetryLater>());
        _clock.Advance(TimeSpan.FromMinutes(minutesApart));

        Assert.That(Judge(history, Gone, Dead) is DeliveryOutcome.TokenDead, Is.EqualTo(isBelieved));
    }

    [Test]
    public void An_endpoint_that_rests_between_two_looks_can_still_be_found_dead()
    {
        var history = new EndpointHistory(_clock);
        for (var failures = 0; failures < 2 * EndpointHistory.FailuresMax; failures++)
            Judge(history, Silence, Again);
        Assert.That(Judge(history, Gone, Dead), Is.TypeOf<DeliveryOutcome.RetryLater>());
        Assert.That(history.RestOf(_device), Is.EqualTo(TimeSpan.FromDays(1)));

        _clock.Advance(history.RestOf(_device));

        Assert.That(Judge(history, Gone, Dead), Is.TypeOf<DeliveryOutcome.TokenDead>());
    }

    [Test]
    public void A_server_that_wants_less_was_reached()
    {
        var history = new EndpointHistory(_clock);
        for (var day = 0; day < 20; day++)
        {
            Assert.That(Judge(history, Silence, Again), Is.SameAs(Again), $"day {day}");
            if (day == 10)
                Judge(history, new WebPushResponse { Status = 429 }, new DeliveryOutcome.Throttled(ThrottleScope.Part, "429", new RetryPace(TimeSpan.FromSeconds(10))));
            _clock.Advance(TimeSpan.FromDays(1));
        }
    }

    [TestCase(-2)]
    [TestCase(2)]
    public void No_endpoint_dies_because_the_clock_was_set(int days)
    {
        var history = new EndpointHistory(_clock);
        Judge(history, Gone, Dead);

        _clock.StepWallClock(TimeSpan.FromDays(days));

        Assert.That(Judge(history, Gone, Dead), Is.TypeOf<DeliveryOutcome.RetryLater>());
    }

    private DeliveryOutcome Judge(EndpointHistory history, WebPushResponse response, DeliveryOutcome outcome) => history.Judge(_device, response, outcome, trusted: false);
}
