using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sotto.Sodium;

namespace Protocols.Tests.OnionRequests;

/// <summary>A phone's side of an onion request (session-onion sections 2 to 4), written from the page and not from the server's code.</summary>
internal sealed class OnionClient : IDisposable
{
    private readonly SealingKeyPair _ephemeral = SealingKeyPair.Generate();
    private readonly byte[] _key = new byte[32];
    private readonly bool _isAes;

    internal OnionClient(ReadOnlySpan<byte> serverKey, bool isAes)
    {
        _isAes = isAes;
        var shared = new byte[32];
        _ephemeral.TryAgree(serverKey, shared);
        if (isAes)
            HMACSHA256.HashData("LOKI"u8, shared).CopyTo(_key, 0);
        else
            Blake2b.Hash([.. shared, .. _ephemeral.PublicKey.Span, .. serverKey], _key);
    }

    internal byte[] PublicKey => _ephemeral.PublicKey.ToArray();

    internal string Control => $$"""{"host":"example.org","ephemeral_key":"{{Convert.ToHexStringLower(PublicKey)}}","enc_type":"{{(_isAes ? "aes-gcm" : "xchacha20")}}"}""";

    public void Dispose() => _ephemeral.Dispose();

    internal byte[] Body(byte[] payload, string? control = null)
    {
        var message = Encrypt(payload);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, message.Length);
        return [.. length, .. message, .. Encoding.UTF8.GetBytes(control ?? Control)];
    }

    internal byte[] Open(byte[] reply)
    {
        var nonceSize = _isAes ? 12 : 24;
        var plaintext = new byte[reply.Length - nonceSize - 16];
        if (_isAes)
        {
            using var aes = new AesGcm(_key, 16);
            aes.Decrypt(reply.AsSpan(0, 12), reply.AsSpan(12, plaintext.Length), reply.AsSpan(^16..), plaintext);
        }
        else if (!XChaCha20Poly1305.TryDecrypt(reply.AsSpan(24), reply.AsSpan(0, 24), _key, plaintext))
        {
            throw new CryptographicException("The reply does not open.");
        }

        return plaintext;
    }

    private byte[] Encrypt(byte[] payload)
    {
        var nonce = RandomNumberGenerator.GetBytes(_isAes ? 12 : 24);
        var rest = new byte[payload.Length + 16];
        if (_isAes)
        {
            using var aes = new AesGcm(_key, 16);
            aes.Encrypt(nonce, payload, rest.AsSpan(0, payload.Length), rest.AsSpan(payload.Length));
        }
        else
        {
            XChaCha20Poly1305.Encrypt(payload, nonce, _key, rest);
        }

        return [.. nonce, .. rest];
    }
}
