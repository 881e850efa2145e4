using System.Runtime.InteropServices;

namespace Sotto.Delivery;

/// <summary>A device id of 32 bytes, to look things up by.</summary>
public readonly record struct DeviceKey(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>False when it is not 32 bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> deviceId, out DeviceKey key)
    {
        key = default;
        if (deviceId.Length != DeviceTokens.DeviceIdSize)
            return false;
        var words = MemoryMarshal.Cast<byte, ulong>(deviceId);
        key = new DeviceKey(words[0], words[1], words[2], words[3]);
        return true;
    }

    /// <inheritdoc/>
    // A record struct would print the words.
    public override string ToString() => "[device]";
}
