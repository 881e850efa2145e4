using Sotto.Delivery;
using Sotto.Sodium;

namespace Simulation.Sending;

/// <summary>A phone as it really is, which only its provider knows, and its subscription as the API holds it.</summary>
internal sealed class Device(int number, DateTimeOffset now)
{
    /// <summary>Most devices of a world.</summary>
    public const int CountMax = 16;

    // Sealing costs more than all the rest: done once for all seeds. Nothing of it is seen in a trace.
    private static readonly DeviceTokens Sender = new(SealingKeyPair.FromPrivateKey([.. Enumerable.Range(1, 32).Select(i => (byte)i)]), cacheMax: 4 * CountMax);
    private static readonly byte[][] SealedTokens = [.. Enumerable.Range(0, CountMax).Select(device => Sender.Seal(TokenOf(device)))];
    private static readonly byte[][] Ids = [.. Enumerable.Range(0, CountMax).Select(device => Sender.DeviceId(TokenOf(device)))];

    public static DeviceTokens Tokens => Sender;

    public int Number => number;

    public byte[] Id => Ids[number];

    public byte[] SealedToken => SealedTokens[number];

    /// <summary>When its app was removed; null while it is there.</summary>
    public DateTimeOffset? GoneSince { get; set; }

    /// <summary>When it last subscribed.</summary>
    public DateTimeOffset RenewedAt { get; set; } = now;

    /// <summary>False once its subscription was withdrawn.</summary>
    public bool IsSubscribed { get; set; } = true;

    public static int NumberOf(string token) => int.Parse(token.AsSpan(token.LastIndexOf(' ') + 1), System.Globalization.CultureInfo.InvariantCulture);

    private static string TokenOf(int number) => $"the token of device number {number}";
}
