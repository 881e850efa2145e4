using System.Security.Cryptography;
using Sotto.Sodium;

namespace SubscriptionApi.Tests.Vectors;

/// <summary>Opens an onion reply with a key that is known from a file.</summary>
internal static class SymmetricReply
{
    private const int TagSize = 16;
    private const int AesNonceSize = 12;

    public static byte[] Open(string cipher, byte[] key, ReadOnlySpan<byte> reply)
    {
        if (cipher.StartsWith("xchacha20", StringComparison.Ordinal))
        {
            var opened = new byte[reply.Length - XChaCha20Poly1305.NonceSize - TagSize];
            Assert.That(XChaCha20Poly1305.TryDecrypt(reply[XChaCha20Poly1305.NonceSize..], reply[..XChaCha20Poly1305.NonceSize], key, opened), Is.True);
            return opened;
        }

        var plaintext = new byte[reply.Length - AesNonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(reply[..AesNonceSize], reply[AesNonceSize..^TagSize], reply[^TagSize..], plaintext);
        return plaintext;
    }
}
