using System.Security.Cryptography;
using Sotto.Sodium;

namespace Sotto.OnionRequests;

/// <summary>The two ciphers of an onion request, and how each makes its key (session-onion section 3). A message is nonce, ciphertext, tag.</summary>
internal enum OnionCipher
{
    AesGcm,
    XChaCha20,
}

internal static class OnionCipherMethods
{
    internal const int KeySize = 32;
    internal const int TagSize = 16;

    private const int AesGcmNonceSize = 12;

    /// <summary>Exact names; null for a cipher that is not served.</summary>
    internal static OnionCipher? Named(string name) => name switch
    {
        "aes-gcm" or "gcm" => OnionCipher.AesGcm,
        "xchacha20" or "xchacha20-poly1305" => OnionCipher.XChaCha20,
        _ => null,
    };

    internal static int NonceSize(this OnionCipher cipher) => cipher == OnionCipher.AesGcm ? AesGcmNonceSize : XChaCha20Poly1305.NonceSize;

    /// <summary>How much longer a message is than its plaintext, in bytes.</summary>
    internal static int Overhead(this OnionCipher cipher) => cipher.NonceSize() + TagSize;

    /// <summary>The key of request and response. False when the client's key is of small order.</summary>
    internal static bool TryAgree(this OnionCipher cipher, OnionKey server, ReadOnlySpan<byte> clientKey, Span<byte> key)
    {
        // Shared secret, then the client's and the server's public key.
        Span<byte> material = stackalloc byte[3 * X25519.KeySize];
        var shared = material[..X25519.KeySize];
        if (!server.TryAgree(clientKey, shared))
            return false;

        if (cipher == OnionCipher.AesGcm)
        {
            HMACSHA256.HashData("LOKI"u8, shared, key);
        }
        else
        {
            clientKey.CopyTo(material[X25519.KeySize..]);
            server.PublicKey.Span.CopyTo(material[(2 * X25519.KeySize)..]);
            Blake2b.Hash(material, key);
        }

        CryptographicOperations.ZeroMemory(material);
        return true;
    }

    /// <summary>Decrypts a message that is at least <see cref="Overhead"/> long. False when it was not made with this key.</summary>
    internal static bool TryDecrypt(this OnionCipher cipher, ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> plaintext)
    {
        var nonce = message[..cipher.NonceSize()];
        var rest = message[cipher.NonceSize()..];
        if (cipher == OnionCipher.XChaCha20)
            return XChaCha20Poly1305.TryDecrypt(rest, nonce, key, plaintext);

        try
        {
            using var aes = new AesGcm(key, TagSize);
            aes.Decrypt(nonce, rest[..^TagSize], rest[^TagSize..], plaintext);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    internal static byte[] Encrypt(this OnionCipher cipher, ReadOnlySpan<byte> key, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> nonce)
    {
        var message = new byte[plaintext.Length + cipher.Overhead()];
        nonce.CopyTo(message);
        var rest = message.AsSpan(nonce.Length);
        if (cipher == OnionCipher.XChaCha20)
        {
            XChaCha20Poly1305.Encrypt(plaintext, nonce, key, rest);
        }
        else
        {
            using var aes = new AesGcm(key, TagSize);
            aes.Encrypt(nonce, plaintext, rest[..^TagSize], rest[^TagSize..]);
        }

        return message;
    }
}
