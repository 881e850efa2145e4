using Sotto.Sodium.Interop;

namespace Sotto.Sodium;

/// <summary>X25519 key agreement (RFC 7748). Thread-safe.</summary>
public static class X25519
{
    /// <summary>Private key, public key and shared secret alike, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>
    /// The secret shared by two pairs. False when the public key is not 32 bytes or of small order (the secret would be all zero, and
    /// known to everyone); <paramref name="shared"/> is then all zero.
    /// </summary>
    /// <exception cref="ArgumentException">The private key or <paramref name="shared"/> is not 32 bytes.</exception>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> shared)
    {
        ByteSize.Require(privateKey.Length, KeySize);
        ByteSize.Require(shared.Length, KeySize);
        if (publicKey.Length == KeySize)
        {
            SodiumLibrary.Require();
            if (CryptoScalarMultCurve25519.crypto_scalarmult_curve25519(shared, privateKey, publicKey) == 0)
                return true;
        }

        shared.Clear();
        return false;
    }

    /// <summary>The public key of a private one. Any 32 bytes are a private key: they are clamped on use.</summary>
    /// <exception cref="ArgumentException">A size is wrong.</exception>
    public static void PublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        ByteSize.Require(privateKey.Length, KeySize);
        ByteSize.Require(publicKey.Length, KeySize);
        SodiumLibrary.Require();
        _ = CryptoScalarMultCurve25519.crypto_scalarmult_curve25519_base(publicKey, privateKey);
    }
}
