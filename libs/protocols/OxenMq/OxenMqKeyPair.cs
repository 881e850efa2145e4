using System.Security.Cryptography;
using Sotto.OxenMq.Interop;

namespace Sotto.OxenMq;

/// <summary>An x25519 key pair for CURVE. Immutable; prints without its keys.</summary>
public sealed unsafe class OxenMqKeyPair
{
    /// <summary>Bytes of each key.</summary>
    public const int KeySize = 32;

    // ZeroMQ RFC 32 (Z85): four bytes become five characters, and libzmq ends them with a zero.
    private const int Z85Size = (KeySize * 5 / 4) + 1;

    private OxenMqKeyPair(byte[] publicKey, byte[] privateKey)
    {
        PublicKey = publicKey;
        PrivateKey = privateKey;
    }

    /// <summary>The 32 bytes that peers know us by.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    internal ReadOnlyMemory<byte> PrivateKey { get; }

    /// <summary>A fresh pair.</summary>
    public static OxenMqKeyPair Generate() => FromPrivateKey(RandomNumberGenerator.GetBytes(KeySize));

    /// <summary>The pair of a private key.</summary>
    /// <exception cref="ArgumentException">The key has not 32 bytes.</exception>
    public static OxenMqKeyPair FromPrivateKey(ReadOnlySpan<byte> privateKey)
    {
        if (privateKey.Length != KeySize)
            throw new ArgumentException($"An x25519 private key has {KeySize} bytes, not {privateKey.Length}.", nameof(privateKey));

        var publicKey = new byte[KeySize];
        byte* secretText = stackalloc byte[Z85Size];
        byte* publicText = stackalloc byte[Z85Size];
        fixed (byte* secret = privateKey, open = publicKey)
        {
            var derived = LibZmq.zmq_z85_encode(secretText, secret, KeySize) != null
                && LibZmq.zmq_curve_public(publicText, secretText) == 0
                && LibZmq.zmq_z85_decode(open, publicText) != null;
            CryptographicOperations.ZeroMemory(new Span<byte>(secretText, Z85Size));
            if (!derived)
                throw new InvalidOperationException("libzmq was built without CURVE.");
        }

        return new OxenMqKeyPair(publicKey, privateKey.ToArray());
    }

    /// <summary>Never a key.</summary>
    public override string ToString() => "[REDACTED]";
}
