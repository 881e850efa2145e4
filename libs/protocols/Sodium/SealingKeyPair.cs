using System.Security.Cryptography;

namespace Sotto.Sodium;

/// <summary>
/// An X25519 key pair that one service owns: others seal to its public key, it opens. The private key never leaves this object and is wiped when it is
/// disposed. Thread-safe until then.
/// </summary>
public sealed class SealingKeyPair : IDisposable
{
    // Pinned, so that the collector leaves no copies behind when it compacts.
    private readonly byte[] _privateKey = GC.AllocateArray<byte>(X25519.KeySize, pinned: true);
    private readonly byte[] _publicKey = new byte[X25519.KeySize];
    private bool _disposed;

    private SealingKeyPair()
    {
    }

    /// <summary>The public key, 32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    internal ReadOnlySpan<byte> PrivateKey
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _privateKey;
        }
    }

    /// <summary>A new pair from the system's random source.</summary>
    public static SealingKeyPair Generate()
    {
        var pair = new SealingKeyPair();
        RandomSource.Fill(pair._privateKey);
        X25519.PublicKey(pair._privateKey, pair._publicKey);
        return pair;
    }

    /// <summary>The pair of a private key of 32 bytes, which is copied.</summary>
    /// <exception cref="ArgumentException">It is not 32 bytes.</exception>
    public static SealingKeyPair FromPrivateKey(ReadOnlySpan<byte> privateKey)
    {
        ByteSize.Require(privateKey.Length, X25519.KeySize);
        var pair = new SealingKeyPair();
        privateKey.CopyTo(pair._privateKey);
        X25519.PublicKey(pair._privateKey, pair._publicKey);
        return pair;
    }

    /// <summary>A key for one purpose: BLAKE2b keyed with <paramref name="context"/> (1 to 64 bytes) over the private key.</summary>
    /// <exception cref="ArgumentException">The context is empty or too long, or the key is not 16 to 64 bytes.</exception>
    public void DeriveKey(ReadOnlySpan<byte> context, Span<byte> key)
    {
        if (context.IsEmpty)
            throw new ArgumentException("A derived key needs a context.", nameof(context));

        Blake2b.Hash(context, PrivateKey, key);
    }

    /// <summary>The secret shared with a peer; see <see cref="X25519.TryAgree"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="shared"/> is not 32 bytes.</exception>
    public bool TryAgree(ReadOnlySpan<byte> peerPublicKey, Span<byte> shared) => X25519.TryAgree(PrivateKey, peerPublicKey, shared);

    /// <summary>Wipes the private key.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_privateKey);
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => "[REDACTED]";
}
