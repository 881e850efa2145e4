using Sotto.Contracts;

namespace Sotto.Delivery;

/// <summary>
/// Devices that their provider called dead once, in a way that a fault of ours would look like as well. Only the same answer again, a while later, is believed: by then the guard has seen how
/// many others it was said of. The push says so itself, for instances that have not heard the first answer, unless those began only afterwards: their guard has seen nothing of that time. Bounded; what
/// is forgotten is asked once more. Thread-safe.
/// </summary>
/// <param name="wait">How long until the provider is asked again.</param>
/// <param name="startedAt">When this instance began.</param>
internal sealed class SuspectDevices(TimeSpan wait, DateTimeOffset startedAt)
{
    public const int CountMax = 10_000;

    // A second answer that comes this much early is late enough.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    // Another instance may have reached the device since.
    private static readonly TimeSpan MemoryMax = TimeSpan.FromHours(2);

    private readonly BoundedCache<DeviceKey, DateTimeOffset> _since = new(CountMax);

    /// <summary>Notes one more such answer.</summary>
    /// <param name="push">The push that was refused.</param>
    /// <param name="sentAt">When it was sent.</param>
    /// <returns>How long to wait before the provider is asked again, and since when the device has been suspected; null when the answer is to be believed.</returns>
    public (TimeSpan Wait, DateTimeOffset Since)? Suspect(EncryptedPush push, DateTimeOffset sentAt)
    {
        if (wait <= TimeSpan.Zero || !DeviceKey.TryRead(push.DeviceId, out var device))
            return null;
        var since = push.SuspectedAt < startedAt ? null : push.SuspectedAt;
        if (_since.TryGet(device, out var known) && sentAt - known < MemoryMax && !(since < known))
            since = known;
        if (sentAt - since >= wait - Tolerance)
            return null;
        _since.Set(device, since ?? sentAt);
        return (wait, since ?? sentAt);
    }

    /// <summary>It was reached.</summary>
    public void Clear(ReadOnlySpan<byte> deviceId)
    {
        if (_since.Count > 0 && DeviceKey.TryRead(deviceId, out var device))
            _since.Remove(device);
    }
}
