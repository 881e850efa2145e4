using System.Globalization;
using System.Text;
using System.Text.Json;
using Sotto.Delivery;
using Sotto.Sodium;

namespace StubSender;

/// <summary>Session's own test device (session-v2 section 8.5): <c>{"foo":"TEST-...","bar":integer}</c>.</summary>
internal static class StubDevice
{
    private const string Prefix = "TEST-";

    // BLAKE2b-384.
    private const int ServiceIdSize = 48;

    public static DeviceReading Read(JsonElement serviceInfo)
    {
        if (!serviceInfo.TryGetProperty("foo", out var foo))
            return DeviceReading.Lacks("foo");
        // The original judges the one before it looks for the other.
        if (DeviceReading.TextOf(foo) is not { } text || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return DeviceReading.Refused($"Invalid foo: expected a string that begins with {Prefix}");
        if (!serviceInfo.TryGetProperty("bar", out var bar))
            return DeviceReading.Lacks("bar");
        if (bar.ValueKind != JsonValueKind.Number || !Int128.TryParse(bar.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            || number < long.MinValue || number > ulong.MaxValue)
        {
            return DeviceReading.Refused("Invalid bar: expected an integer");
        }

        return DeviceReading.Taken(ServiceId(text, number));
    }

    private static string ServiceId(string foo, Int128 bar)
    {
        Span<byte> hash = stackalloc byte[ServiceIdSize];
        Blake2b.Hash("TestNotifier"u8, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{bar}_{foo}")), hash);
        return Convert.ToHexStringLower(hash);
    }
}
