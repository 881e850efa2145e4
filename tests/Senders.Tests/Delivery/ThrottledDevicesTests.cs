using Sotto.Delivery;

namespace Senders.Tests.Delivery;

public sealed class ThrottledDevicesTests
{
    private readonly ManualTimeProvider _clock = new();

    [TestCase(-60)]
    [TestCase(60)]
    public void A_device_is_left_alone_for_as_long_as_was_said_whatever_the_clock_is_set_to(int minutes)
    {
        var throttled = new ThrottledDevices(_clock);
        var device = new byte[DeviceTokens.DeviceIdSize];
        throttled.Throttle(device, TimeSpan.FromSeconds(60));

        _clock.StepWallClock(TimeSpan.FromMinutes(minutes));
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.That(throttled.PauseOf(device), Is.EqualTo(TimeSpan.FromSeconds(1)));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(throttled.PauseOf(device), Is.EqualTo(TimeSpan.Zero));
    }
}
