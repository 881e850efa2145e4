using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sotto.Sodium;

namespace Sotto.FakePhone;

/// <summary>The ciphers of an onion request.</summary>
public enum OnionCipher
{
    AesGcm,
    XChaCha20,
}

/// <summary>A request sealed to a server, and the key to open its answer (session-onion sections 2 to 4).</summary>
public sealed class OnionLetter
{
    private const int AesNonceSize = 12;
    private const int TagSize = 16;

    private readonly OnionCipher _cipher;
    private readonly byte[] _key;

    private OnionLetter(OnionCipher cipher, byte[] key, byte[] body) => (_cipher, _key, Body) = (cipher, key, body);

    /// <summary>What is posted.</summary>
    public byte[] Body { get; }

    /// <summary>Seals a payload with a new key pair and nonce.</summary>
    public static OnionLetter Seal(ReadOnlySpan<byte> serverKey, OnionCipher cipher, ReadOnlySpan<byte> payload)
    {
        var ephemeral = new byte[X25519.KeySize];
        RandomSource.Fill(ephemeral);
        var nonce = new byte[cipher == OnionCipher.AesGcm ? AesNonceSize : XChaCha20Poly1305.NonceSize];
        RandomSource.Fill(nonce);
        return Seal(serverKey, cipher, payload, ephemeral, nonce);
    }

    /// <summary>Seals a payload with a given key pair and nonce; for vectors.</summary>
    public static OnionLetter Seal(
        ReadOnlySpan<byte> serverKey, OnionCipher cipher, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> ephemeral, ReadOnlySpan<byte> nonce)
    {
        var (shared, clientKey) = (new byte[X25519.KeySize], new byte[X25519.KeySize]);
        X25519.PublicKey(ephemeral, clientKey);
        if (!X25519.TryAgree(ephemeral, serverKey, shared))
            throw new ArgumentException("The server's key is of no use.", nameof(serverKey));

        var secret = new byte[32];
        if (cipher == OnionCipher.AesGcm)
            HMACSHA256.HashData("LOKI"u8, shared, secret);
        else
            Blake2b.Hash([.. shared, .. clientKey, .. serverKey], secret);

        var sealedPayload = Encrypt(cipher, secret, nonce, payload);
        // As clients do: the old cipher is not named.
        var enc = cipher == OnionCipher.AesGcm ? "" : "\"enc_type\":\"xchacha20\",";
        var control = Encoding.ASCII.GetBytes($"{{{enc}\"ephemeral_key\":\"{Convert.ToHexStringLower(clientKey)}\"}}");
        var body = new byte[4 + sealedPayload.Length + control.Length];
        BinaryPrimitives.WriteInt32LittleEndian(body, sealedPayload.Length);
        sealedPayload.CopyTo(body, 4);
        control.CopyTo(body, 4 + sealedPayload.Length);
        return new(cipher, secret, body);
    }

    /// <summary>Opens the answer.</summary>
    /// <exception cref="CryptographicException">It was not sealed with this letter's key.</exception>
    public byte[] Open(ReadOnlySpan<byte> reply)
    {
        var nonceSize = _cipher == OnionCipher.AesGcm ? AesNonceSize : XChaCha20Poly1305.NonceSize;
        if (reply.Length < nonceSize + TagSize)
            throw new CryptographicException("The answer is too short to be one.");
        var plaintext = new byte[reply.Length - nonceSize - TagSize];
        if (_cipher == OnionCipher.AesGcm)
        {
            using var aes = new AesGcm(_key, TagSize);
            aes.Decrypt(reply[..nonceSize], reply[nonceSize..^TagSize], reply[^TagSize..], plaintext);
        }
        else if (!XChaCha20Poly1305.TryDecrypt(reply[nonceSize..], reply[..nonceSize], _key, plaintext))
        {
            throw new CryptographicException("The answer was not sealed with this letter's key.");
        }

        return plaintext;
    }

    private static byte[] Encrypt(OnionCipher cipher, byte[] key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> payload)
    {
        var output = new byte[nonce.Length + payload.Length + TagSize];
        nonce.CopyTo(output);
        if (cipher == OnionCipher.AesGcm)
        {
            using var aes = new AesGcm(key, TagSize);
            aes.Encrypt(nonce, payload, output.AsSpan(nonce.Length, payload.Length), output.AsSpan(nonce.Length + payload.Length));
        }
        else
        {
            XChaCha20Poly1305.Encrypt(payload, nonce, key, output.AsSpan(nonce.Length));
        }

        return output;
    }
}
