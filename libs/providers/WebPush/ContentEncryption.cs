using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sotto.WebPush;

/// <summary>
/// <c>aes128gcm</c> content for one receiver: RFC 8188 with the keys of RFC 8291. A fresh P-256 pair and a fresh salt for each message. Thread-safe.
/// </summary>
/// <remarks>Body: salt (16), record size (4, big endian), key length (1), our public key (65), ciphertext, tag (16). One record.</remarks>
public static class ContentEncryption
{
    /// <summary>Longest body that every push service takes (RFC 8030 section 7.2), in bytes.</summary>
    public const int BodyBytesMax = 4096;

    /// <summary>Longest plaintext that fits, in bytes.</summary>
    public const int PlaintextBytesMax = BodyBytesMax - HeaderSize - DelimiterSize - TagSize;

    private const int SaltSize = 16;
    private const int HeaderSize = SaltSize + sizeof(uint) + 1 + WebPushSubscription.PublicKeySize;
    private const int DelimiterSize = 1;
    private const int TagSize = 16;
    private const int ContentKeySize = 16;
    private const int NonceSize = 12;
    private const byte LastRecord = 2;

    /// <summary>Encrypts <paramref name="plaintext"/> followed by <paramref name="padding"/> zeros for the receiver.</summary>
    /// <exception cref="ArgumentException">Plaintext and padding together are longer than <see cref="PlaintextBytesMax"/>.</exception>
    public static byte[] Encrypt(WebPushSubscription receiver, ReadOnlySpan<byte> plaintext, int padding = 0)
    {
        using var sender = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return Encrypt(receiver, plaintext, padding, sender, RandomNumberGenerator.GetBytes(SaltSize));
    }

    /// <summary>As above with a given key pair and salt, for vectors. Neither may be used twice.</summary>
    /// <exception cref="ArgumentException">Plaintext and padding together are longer than <see cref="PlaintextBytesMax"/>.</exception>
    public static byte[] Encrypt(WebPushSubscription receiver, ReadOnlySpan<byte> plaintext, int padding, ECDiffieHellman sender, ReadOnlySpan<byte> salt)
    {
        if (padding < 0 || plaintext.Length + padding > PlaintextBytesMax)
            throw new ArgumentException($"Plaintext and padding must not exceed {PlaintextBytesMax} bytes.", nameof(plaintext));

        var senderPublic = Uncompressed(sender);
        var inputKey = InputKey(receiver, sender, senderPublic);
        var contentKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, inputKey, ContentKeySize, salt.ToArray(), "Content-Encoding: aes128gcm\0"u8.ToArray());
        var nonce = HKDF.DeriveKey(HashAlgorithmName.SHA256, inputKey, NonceSize, salt.ToArray(), "Content-Encoding: nonce\0"u8.ToArray());

        var record = new byte[plaintext.Length + DelimiterSize + padding];
        plaintext.CopyTo(record);
        record[plaintext.Length] = LastRecord;

        var body = new byte[HeaderSize + record.Length + TagSize];
        salt.CopyTo(body);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(SaltSize), BodyBytesMax);
        body[SaltSize + sizeof(uint)] = WebPushSubscription.PublicKeySize;
        senderPublic.CopyTo(body, HeaderSize - WebPushSubscription.PublicKeySize);
        using var aes = new AesGcm(contentKey, TagSize);
        aes.Encrypt(nonce, record, body.AsSpan(HeaderSize, record.Length), body.AsSpan(HeaderSize + record.Length));
        CryptographicOperations.ZeroMemory(inputKey);
        CryptographicOperations.ZeroMemory(contentKey);
        return body;
    }

    // RFC 8291 section 3.4: the shared secret bound to the subscription's secret and to both public keys.
    private static byte[] InputKey(WebPushSubscription receiver, ECDiffieHellman sender, byte[] senderPublic)
    {
        using var peer = ECDiffieHellman.Create(WebPushSubscription.Point(receiver.PublicKey.Span));
        var shared = sender.DeriveRawSecretAgreement(peer.PublicKey);
        byte[] info = [.. "WebPush: info\0"u8, .. receiver.PublicKey.Span, .. senderPublic];
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, receiver.AuthSecret.ToArray(), info);
        CryptographicOperations.ZeroMemory(shared);
        return key;
    }

    private static byte[] Uncompressed(ECDiffieHellman key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return [4, .. point.X!, .. point.Y!];
    }
}
