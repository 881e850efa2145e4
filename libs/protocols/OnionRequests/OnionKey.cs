using Sotto.Sodium;

namespace Sotto.OnionRequests;

/// <summary>The server's X25519 pair that clients build their innermost layer for (session-onion section 7). They pin its public key: it is never rotated. Thread-safe.</summary>
public sealed class OnionKey : IDisposable
{
    private readonly SealingKeyPair _pair;

    private OnionKey(SealingKeyPair pair) => _pair = pair;

    /// <summary>The public key, 32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey => _pair.PublicKey;

    /// <summary>The pair of a private key of 32 bytes, which is copied.</summary>
    /// <exception cref="ArgumentException">It is not 32 bytes.</exception>
    public static OnionKey FromPrivateKey(ReadOnlySpan<byte> privateKey) => new(SealingKeyPair.FromPrivateKey(privateKey));

    /// <summary>Wipes the private key.</summary>
    public void Dispose() => _pair.Dispose();

    /// <summary>Never the key.</summary>
    public override string ToString() => "[REDACTED]";

    internal bool TryAgree(ReadOnlySpan<byte> clientPublicKey, Span<byte> shared) => _pair.TryAgree(clientPublicKey, shared);
}
