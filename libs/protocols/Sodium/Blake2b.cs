using Sotto.Sodium.Interop;

namespace Sotto.Sodium;

/// <summary>BLAKE2b (RFC 7693), with and without key. The length of the result is part of the hash. Thread-safe.</summary>
public static class Blake2b
{
    /// <summary>Shortest hash that libsodium gives, in bytes.</summary>
    public const int HashSizeMin = 16;

    /// <summary>Longest hash, in bytes.</summary>
    public const int HashSizeMax = 64;

    /// <summary>Longest key, in bytes.</summary>
    public const int KeySizeMax = 64;

    /// <summary>Hashes without a key.</summary>
    /// <exception cref="ArgumentException"><paramref name="hash"/> is not 16 to 64 bytes.</exception>
    public static void Hash(ReadOnlySpan<byte> message, Span<byte> hash) => Hash([], message, hash);

    /// <summary>Hashes with a key; an empty key is no key.</summary>
    /// <exception cref="ArgumentException"><paramref name="hash"/> is not 16 to 64 bytes, or the key is longer than 64.</exception>
    public static void Hash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> hash)
    {
        if (hash.Length is < HashSizeMin or > HashSizeMax)
            throw new ArgumentException($"A BLAKE2b hash of {hash.Length} bytes was asked for; {HashSizeMin} to {HashSizeMax} are possible.", nameof(hash));
        if (key.Length > KeySizeMax)
            throw new ArgumentException($"The BLAKE2b key is {key.Length} bytes; {KeySizeMax} are possible.", nameof(key));

        SodiumLibrary.Require();
        _ = CryptoGenericHashBlake2b.crypto_generichash_blake2b(
            hash, (nuint)hash.Length, message, (ulong)message.Length, key, (nuint)key.Length);
    }
}
