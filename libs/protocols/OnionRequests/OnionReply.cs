using Sotto.Sodium;

namespace Sotto.OnionRequests;

/// <summary>Seals what is answered to one onion request, with the request's cipher and key (session-onion section 4). Thread-safe.</summary>
public sealed class OnionReply
{
    private readonly OnionCipher _cipher;
    private readonly byte[] _key;

    internal OnionReply(OnionCipher cipher, byte[] key) => (_cipher, _key) = (cipher, key);

    /// <summary>The bytes of the HTTP body, with a fresh random nonce in front. No base64 and no length around them.</summary>
    public byte[] Seal(ReadOnlySpan<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[_cipher.NonceSize()];
        RandomSource.Fill(nonce);
        return Seal(plaintext, nonce);
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => "[REDACTED]";

    internal byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> nonce) => _cipher.Encrypt(_key, plaintext, nonce);
}
