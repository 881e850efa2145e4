using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sotto.Sodium;

namespace Protocols.Tests.OnionRequests;

/// <summary>A phone's side of an onion request (session-onion sections 2 to 4), written from the page and not from the server's code.</summary>
internal sealed class OnionClient : IDisposable
{
    private readonly SealingKeyPair ephemeral = SealingKeyPair.Generate();
    private readonly byte[] key = new byte[32];
    private readonly bool isAes;

    internal OnionClient(ReadOnlySpan<byte> serverKey, bool isAes)
    {
        this.isAes = isAes;
        var shared = new byte[32];
        ephemeral.TryAgree(serverKey, shared);
        if (isAes)
            HMACSHA256.HashData("LOKI"u8, shared).CopyTo(key, 0);
        else
            Blake2b.Hash([.. shared, .. ephemeral.PublicKey.Span, .. serverKey], key);
    }

    internal byte[] PublicKey => ephemeral.PublicKey.ToArray();

    internal string Control => $$"""{"host":"example.org","ephemeral_key":"{{Convert.ToHexStringLower(PublicKey)}}","enc_type":"{{(isAes ? "aes-gcm" : "xchacha20")}}"}""";

    public void Dispose() => ephemeral.Dispose();

    internal byte[] Body(byte[] payload, string? control = null)
    {
        var message = Encrypt(payload);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, message.Length);
        return [.. length, .. message, .. Encoding.UTF8.GetBytes(control ?? Control)];
    }

    internal byte[] Open(byte[] reply)
    {
        var nonceSize = isAes ? 12 : 24;
        var plaintext = new byte[reply.Length - nonceSize - 16];
        if (isAes)
        {
            using var aes = new AesGcm(key, 16);
            aes.Decrypt(reply.AsSpan(0, 12), reply.AsSpan(12, plaintext.Length), reply.AsSpan(^16..), plaintext);
        }
        else if (!XChaCha20Poly1305.TryDecrypt(reply.AsSpan(24), reply.AsSpan(0, 24), key, plaintext))
        {
            throw new CryptographicException("The reply does not open.");
        }

        return plaintext;
    }

    private byte[] Encrypt(byte[] payload)
    {
        var nonce = RandomNumberGenerator.GetBytes(isAes ? 12 : 24);
        var rest = new byte[payload.Length + 16];
        if (isAes)
        {
            using var aes = new AesGcm(key, 16);
            aes.Encrypt(nonce, payload, rest.AsSpan(0, payload.Length), rest.AsSpan(payload.Length));
        }
        else
        {
            XChaCha20Poly1305.Encrypt(payload, nonce, key, rest);
        }

        return [.. nonce, .. rest];
    }
}
