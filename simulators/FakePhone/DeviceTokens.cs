using System.Buffers.Text;

namespace Sotto.FakePhone;

/// <summary>Device tokens in the shapes that the vendors give them.</summary>
internal static class DeviceTokens
{
    private const int ApnsBytes = 32;

    /// <summary>The token of one device for a service.</summary>
    public static string Make(string service, SeededBytes source) => service switch
    {
        // 64 digits.
        "apns" or "apns-sandbox" => Convert.ToHexStringLower(source.Take(service, ApnsBytes)),
        // 22 characters, which begin with one of c, d, e, f; a colon; 140 more.
        "firebase" => $"d{Letters(source, "fid", 21)}:APA91b{Letters(source, "fcm", 134)}",
        // About 130.
        "huawei" => $"IQAAAACy{Letters(source, "hms", 122)}",
        _ => Letters(source, service, 64),
    };

    private static string Letters(SeededBytes source, string purpose, int count) => Base64Url.EncodeToString(source.Take(purpose, count))[..count];
}
