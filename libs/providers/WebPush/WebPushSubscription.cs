using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Sotto.WebPush;

/// <summary>Where and for whom a message is: what a browser or a UnifiedPush distributor hands out. Immutable, thread-safe.</summary>
/// <remarks>The endpoint is a capability: whoever knows it may send. It is never printed.</remarks>
public sealed class WebPushSubscription
{
    /// <summary>An uncompressed point of P-256: <c>0x04</c>, x, y.</summary>
    public const int PublicKeySize = 65;

    /// <summary>The subscription's authentication secret (RFC 8291 section 3.2), in bytes.</summary>
    public const int AuthSecretSize = 16;

    private WebPushSubscription(Uri endpoint, byte[] publicKey, byte[] authSecret)
    {
        Endpoint = endpoint;
        PublicKey = publicKey;
        AuthSecret = authSecret;
    }

    /// <summary>Where to post; it satisfies <see cref="EndpointRules"/>.</summary>
    public Uri Endpoint { get; }

    /// <summary>The receiver's public key (<c>p256dh</c>), 65 bytes, on the curve.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>The receiver's authentication secret (<c>auth</c>), 16 bytes.</summary>
    public ReadOnlyMemory<byte> AuthSecret { get; }

    /// <summary>Checks and takes over the three parts of a subscription.</summary>
    /// <returns>Null when they are good; else a sentence for the client that repeats nothing of them.</returns>
    public static string? TryCreate(
        string? endpoint, string? p256dh, string? auth, EndpointRules rules, out WebPushSubscription? subscription)
    {
        subscription = null;
        if (rules.Refuses(endpoint, out var uri) is { } wrong)
            return wrong;
        if (!Base64Text.TryDecode(p256dh, PublicKeySize, out var publicKey) || !IsOnCurve(publicKey))
            return "p256dh must be base64 of an uncompressed P-256 public key of 65 bytes";
        if (!Base64Text.TryDecode(auth, AuthSecretSize, out var authSecret))
            return "auth must be base64 of 16 bytes";
        subscription = new WebPushSubscription(uri!, publicKey, authSecret);
        return null;
    }

    /// <summary>Never the endpoint.</summary>
    public override string ToString() => $"{nameof(WebPushSubscription)} at {Endpoint.Host}";

    internal static ECParameters Point(ReadOnlySpan<byte> uncompressed) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = uncompressed[1..33].ToArray(), Y = uncompressed[33..].ToArray() },
    };

    [SuppressMessage("Usage", "CA1806", Justification = "Importing is the check.")]
    private static bool IsOnCurve(byte[] point)
    {
        if (point[0] != 4)
            return false;
        try
        {
            ECDiffieHellman.Create(Point(point)).Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
