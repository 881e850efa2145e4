using System.Text;
using Sotto.Contracts;

namespace Sotto.Bench.Micro;

/// <summary>Made-up values of the sizes that real ones have.</summary>
internal static class Samples
{
    private const int SealedTokenBytes = 160;
    private const int SealedKeyBytes = 80;

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    public static byte[] Account { get; } = [5, .. Bytes(32)];

    public static string Hash { get; } = Convert.ToBase64String(Bytes(32)).TrimEnd('=');

    public static byte[] HashBytes { get; } = Encoding.ASCII.GetBytes(Hash);

    public static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    public static MessageArrived MessageArrived(int size) => new()
    {
        Account = Account,
        MessageHash = Hash,
        Namespace = 0,
        StoredAtMilliseconds = Now.ToUnixTimeMilliseconds(),
        ExpiresAtMilliseconds = Now.AddDays(14).ToUnixTimeMilliseconds(),
        Data = Bytes(size),
        HeardAt = Now,
    };

    public static EncryptedPush EncryptedPush(int size) => new()
    {
        PushId = Guid.NewGuid(),
        Provider = Provider.Apns,
        DeviceId = Bytes(32),
        SealedDeviceToken = Bytes(SealedTokenBytes),
        Payload = Bytes(size),
        ExpiresAt = Now.AddDays(1),
        HeardAt = Now,
    };

    public static SubscriptionChanged SubscriptionChanged() => new()
    {
        SubscriptionId = Guid.NewGuid(),
        Revision = 1,
        Withdrawn = false,
        Account = Account,
        Provider = Provider.Apns,
        DeviceId = Bytes(32),
        SealedDeviceToken = Bytes(SealedTokenBytes),
        SealedEnvelopeKey = Bytes(SealedKeyBytes),
        Namespaces = [0],
        WantsData = true,
        Authorization = new MonitorAuthorization { SessionEd25519 = Bytes(32), Signature = Bytes(64), SignedAtSeconds = Now.ToUnixTimeSeconds() },
        ExpiresAt = Now.AddDays(14),
    };

    public static PushAccepted PushAccepted() => new() { PushId = Guid.NewGuid(), Provider = Provider.Apns, AcceptedAt = Now, Attempts = 1 };

    public static PushExpired PushExpired() => new() { PushId = Guid.NewGuid(), Provider = Provider.Apns, ExpiresAt = Now };

    public static PushDeadLettered PushDeadLettered() => new()
    {
        PushId = Guid.NewGuid(),
        Provider = Provider.Apns,
        Outcome = "PAYLOAD_BAD",
        Reason = "BadMessageId",
        Attempts = 1,
        DeadLetteredAt = Now,
        Push = EncryptedPush(300),
    };

    public static DeviceTokenInvalidated DeviceTokenInvalidated() => new() { Provider = Provider.Apns, DeviceId = Bytes(32), InvalidSince = Now, Reason = "Unregistered" };

    public static ValidateDeviceToken ValidateDeviceToken() => new() { Provider = Provider.Apns, SealedServiceInfo = Bytes(SealedTokenBytes) };

    public static DeviceTokenValidated DeviceTokenValidated() => new() { ErrorCode = 0, DeviceId = Bytes(32), SealedDeviceToken = Bytes(SealedTokenBytes) };

    public static ServiceStats ServiceStats() => new()
    {
        Service = "ApnsSender",
        Instance = Guid.NewGuid(),
        Sequence = 1,
        StartedAt = Now,
        Counters = Enumerable.Range(0, 60).ToDictionary(number => $"sotto_made_up_series{{number=\"{number}\"}}", number => (double)number, StringComparer.Ordinal),
        Gauges = Enumerable.Range(0, 20).ToDictionary(number => $"sotto_made_up_gauge{{number=\"{number}\"}}", number => (double)number, StringComparer.Ordinal),
    };
}
