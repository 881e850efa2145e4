using System.Runtime.InteropServices;

namespace Sotto.Delivery;

/// <summary>A device id of 32 bytes, to look things up by.</summary>
internal readonly record struct DeviceKey(ulong A, ulong B, ulong C, ulong D)
{
    public static bool TryRead(ReadOnlySpan<byte> deviceId, out DeviceKey key)
    {
        key = default;
        if (deviceId.Length != DeviceTokens.DeviceIdSize)
            return false;
        var words = MemoryMarshal.Cast<byte, ulong>(deviceId);
        key = new DeviceKey(words[0], words[1], words[2], words[3]);
        return true;
    }

    // A record struct would print the words.
    public override string ToString() => "[device]";
}
