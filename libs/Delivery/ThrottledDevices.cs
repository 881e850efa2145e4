namespace Sotto.Delivery;

/// <summary>Devices that their provider wants left alone for a while; a bounded number, the rest is forgotten. Thread-safe.</summary>
internal sealed class ThrottledDevices(TimeProvider clock)
{
    public const int CountMax = 10_000;

    private readonly BoundedCache<DeviceKey, TimeSpan> _until = new(CountMax);

    // By a clock that nobody sets: a device must not be left alone for longer because the time of day was set back.
    private TimeSpan Now => clock.GetElapsedTime(startingTimestamp: 0);

    /// <summary>How long this device is still to be left alone; zero for not at all.</summary>
    public TimeSpan PauseOf(ReadOnlySpan<byte> deviceId)
    {
        if (!DeviceKey.TryRead(deviceId, out var key) || !_until.TryGet(key, out var until))
            return TimeSpan.Zero;
        var left = until - Now;
        if (left > TimeSpan.Zero)
            return left;
        _until.Remove(key);
        return TimeSpan.Zero;
    }

    public void Throttle(ReadOnlySpan<byte> deviceId, TimeSpan pause)
    {
        if (DeviceKey.TryRead(deviceId, out var key))
            _until.Set(key, Now + pause);
    }
}
