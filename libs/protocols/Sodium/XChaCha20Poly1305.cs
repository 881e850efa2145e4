using Sotto.Sodium.Interop;

namespace Sotto.Sodium;

/// <summary>XChaCha20-Poly1305 in the IETF form, ciphertext then tag. Thread-safe.</summary>
public static class XChaCha20Poly1305
{
    /// <summary>Key, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Nonce, in bytes: long enough to be drawn at random for every message.</summary>
    public const int NonceSize = 24;

    /// <summary>Tag that follows the ciphertext, in bytes.</summary>
    public const int TagSize = 16;

    /// <summary>Encrypts. <paramref name="ciphertextAndTag"/> is exactly <see cref="TagSize"/> bytes longer than the plaintext and may begin where it does.</summary>
    /// <exception cref="ArgumentException">A size is wrong.</exception>
    public static void Encrypt(
        ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> key, Span<byte> ciphertextAndTag,
        ReadOnlySpan<byte> additionalData = default)
    {
        ByteSize.Require(nonce.Length, NonceSize);
        ByteSize.Require(key.Length, KeySize);
        ByteSize.Require(ciphertextAndTag.Length, plaintext.Length + TagSize);
        SodiumLibrary.Require();
        _ = CryptoAeadXChaCha20Poly1305.crypto_aead_xchacha20poly1305_ietf_encrypt(
            ciphertextAndTag, 0, plaintext, (ulong)plaintext.Length, additionalData, (ulong)additionalData.Length, 0, nonce, key);
    }

    /// <summary>
    /// Decrypts. False when the ciphertext was not made with this key, nonce and additional data, or is shorter than a tag;
    /// <paramref name="plaintext"/> is then all zero. It is exactly <see cref="TagSize"/> bytes shorter than the ciphertext.
    /// </summary>
    /// <exception cref="ArgumentException">The size of key, nonce or plaintext is wrong.</exception>
    public static bool TryDecrypt(
        ReadOnlySpan<byte> ciphertextAndTag, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> key, Span<byte> plaintext,
        ReadOnlySpan<byte> additionalData = default)
    {
        ByteSize.Require(nonce.Length, NonceSize);
        ByteSize.Require(key.Length, KeySize);
        ByteSize.Require(plaintext.Length, Math.Max(ciphertextAndTag.Length - TagSize, 0));
        if (ciphertextAndTag.Length >= TagSize)
        {
            SodiumLibrary.Require();
            if (CryptoAeadXChaCha20Poly1305.crypto_aead_xchacha20poly1305_ietf_decrypt(
                    plaintext, 0, 0, ciphertextAndTag, (ulong)ciphertextAndTag.Length, additionalData, (ulong)additionalData.Length, nonce, key) == 0)
            {
                return true;
            }
        }

        plaintext.Clear();
        return false;
    }
}
