using System.Security.Cryptography;
using System.Text;
using Sotto.Hosting.Settings;
using Sotto.Sodium;

namespace Encryptor;

/// <summary>The Encryptor's private key and what is derived from it. Thread-safe. Nothing of it is ever printed.</summary>
internal sealed class EncryptorKeys : IDisposable
{
    /// <summary>A push id, in bytes.</summary>
    private const int PushIdSize = 16;

    private readonly SealingKeyPair _sealing;
    private readonly byte[] _atRest = GC.AllocateArray<byte>(XChaCha20Poly1305.KeySize, pinned: true);
    private readonly byte[] _pushIds = GC.AllocateArray<byte>(Blake2b.KeySizeMax / 2, pinned: true);
    private readonly byte[] _fingerprint = new byte[16];

    public EncryptorKeys(ReadOnlySpan<byte> privateKey)
    {
        _sealing = SealingKeyPair.FromPrivateKey(privateKey);
        _sealing.DeriveKey("sotto at rest"u8, _atRest);
        _sealing.DeriveKey("sotto push id"u8, _pushIds);
        _sealing.DeriveKey("sotto key fingerprint"u8, _fingerprint);
    }

    /// <summary>Recognises the private key and tells nothing of it.</summary>
    public ReadOnlyMemory<byte> Fingerprint => _fingerprint;

    /// <exception cref="SettingsException">There is no key in the file.</exception>
    public static EncryptorKeys Read(string file)
    {
        try
        {
            return KeyFile.ReadKey(file, key => new EncryptorKeys(key));
        }
        catch (KeyFileException e)
        {
            throw new SettingsException($"Setting Encryptor:PrivateKeyFile: {e.Message}");
        }
    }

    /// <summary>
    /// Opens an envelope key that the API sealed to us and wraps it for our own table: opening a sealed box costs about 50 microseconds, this once; what we wrapped
    /// opens in one. Null when the box is not ours, was changed, or does not hold a key.
    /// </summary>
    public byte[]? Rewrap(Guid subscriptionId, ReadOnlySpan<byte> sealedKey)
    {
        if (!SealedBox.TryOpen(sealedKey, _sealing, out var key))
            return null;
        try
        {
            return key.Length == XChaCha20Poly1305.KeySize ? Wrap(subscriptionId, key) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Unwraps an envelope key from our own table. False when it was not wrapped by this key for this subscription.</summary>
    public bool TryUnwrap(Guid subscriptionId, ReadOnlySpan<byte> wrapped, Span<byte> key)
    {
        if (wrapped.Length != XChaCha20Poly1305.NonceSize + XChaCha20Poly1305.KeySize + XChaCha20Poly1305.TagSize)
            return false;
        Span<byte> id = stackalloc byte[16];
        subscriptionId.TryWriteBytes(id, bigEndian: true, out _);
        return XChaCha20Poly1305.TryDecrypt(wrapped[XChaCha20Poly1305.NonceSize..], wrapped[..XChaCha20Poly1305.NonceSize], _atRest, key, id);
    }

    /// <summary>
    /// The name of the push that this message means for this device: the same whenever and wherever it is worked out with this key, so that it recognises a duplicate
    /// (decision 0003). What it is made of cannot be guessed from it without the key.
    /// </summary>
    public Guid PushId(string provider, ReadOnlySpan<byte> deviceId, string messageHash)
    {
        // Device ids are all of one length and neither text contains a zero, so no two inputs look alike.
        Span<byte> input = stackalloc byte[deviceId.Length + provider.Length + 1 + messageHash.Length];
        deviceId.CopyTo(input);
        Encoding.ASCII.GetBytes(provider, input[deviceId.Length..]);
        input[deviceId.Length + provider.Length] = 0;
        Encoding.ASCII.GetBytes(messageHash, input[(deviceId.Length + provider.Length + 1)..]);
        Span<byte> id = stackalloc byte[PushIdSize];
        Blake2b.Hash(_pushIds, input, id);
        return new Guid(id, bigEndian: true);
    }

    public void Dispose()
    {
        _sealing.Dispose();
        CryptographicOperations.ZeroMemory(_atRest);
        CryptographicOperations.ZeroMemory(_pushIds);
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => "[REDACTED]";

    /// <summary>Wraps an envelope key for our own table.</summary>
    internal byte[] Wrap(Guid subscriptionId, ReadOnlySpan<byte> key)
    {
        Span<byte> id = stackalloc byte[16];
        subscriptionId.TryWriteBytes(id, bigEndian: true, out _);
        var wrapped = new byte[XChaCha20Poly1305.NonceSize + XChaCha20Poly1305.KeySize + XChaCha20Poly1305.TagSize];
        var nonce = wrapped.AsSpan(0, XChaCha20Poly1305.NonceSize);
        RandomSource.Fill(nonce);
        XChaCha20Poly1305.Encrypt(key, nonce, _atRest, wrapped.AsSpan(XChaCha20Poly1305.NonceSize), id);
        return wrapped;
    }
}
