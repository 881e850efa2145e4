using Sotto.Sodium.Interop;

namespace Sotto.Sodium;

/// <summary>Ed25519 signatures (RFC 8032, with libsodium's stricter verification). Thread-safe.</summary>
public static class Ed25519
{
    /// <summary>Public key, in bytes.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Seed that a key pair grows from, in bytes.</summary>
    public const int SeedSize = 32;

    /// <summary>Secret key as libsodium keeps it, seed then public key, in bytes.</summary>
    public const int SecretKeySize = 64;

    /// <summary>Detached signature, in bytes.</summary>
    public const int SignatureSize = 64;

    /// <summary>
    /// True when the signature is good. False for anything else, wrong sizes included. S must be below the group order; the public key
    /// must be canonical and, like R, not of small order; the equation is the cofactorless one.
    /// </summary>
    public static bool Verify(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> message, ReadOnlySpan<byte> publicKey)
    {
        if (signature.Length != SignatureSize || publicKey.Length != PublicKeySize)
            return false;

        SodiumLibrary.Require();
        return CryptoSignEd25519.crypto_sign_ed25519_verify_detached(signature, message, (ulong)message.Length, publicKey) == 0;
    }

    /// <summary>Signs <paramref name="message"/>; the same message always gets the same signature.</summary>
    /// <exception cref="ArgumentException">A size is wrong.</exception>
    public static void Sign(ReadOnlySpan<byte> message, ReadOnlySpan<byte> secretKey, Span<byte> signature)
    {
        ByteSize.Require(secretKey.Length, SecretKeySize);
        ByteSize.Require(signature.Length, SignatureSize);
        SodiumLibrary.Require();
        _ = CryptoSignEd25519.crypto_sign_ed25519_detached(signature, 0, message, (ulong)message.Length, secretKey);
    }

    /// <summary>The key pair that grows from a 32-byte seed.</summary>
    /// <exception cref="ArgumentException">A size is wrong.</exception>
    public static void KeyPairFromSeed(ReadOnlySpan<byte> seed, Span<byte> publicKey, Span<byte> secretKey)
    {
        ByteSize.Require(seed.Length, SeedSize);
        ByteSize.Require(publicKey.Length, PublicKeySize);
        ByteSize.Require(secretKey.Length, SecretKeySize);
        SodiumLibrary.Require();
        _ = CryptoSignEd25519.crypto_sign_ed25519_seed_keypair(publicKey, secretKey, seed);
    }

    /// <summary>
    /// The X25519 key that belongs to an Ed25519 key (session-v2 section 3.4). False for a key that is not 32 bytes, not canonical, not on
    /// the curve, of small order, or outside the prime-order subgroup; the output is then meaningless.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="x25519PublicKey"/> is not 32 bytes.</exception>
    public static bool TryToX25519(ReadOnlySpan<byte> ed25519PublicKey, Span<byte> x25519PublicKey)
    {
        ByteSize.Require(x25519PublicKey.Length, X25519.KeySize);
        if (ed25519PublicKey.Length != PublicKeySize)
            return false;

        // Of the encodings that are not canonical (y from p to p + 18) none is in the prime-order subgroup, so this one call refuses them all.
        SodiumLibrary.Require();
        return CryptoSignEd25519.crypto_sign_ed25519_pk_to_curve25519(x25519PublicKey, ed25519PublicKey) == 0;
    }
}
