using System.Diagnostics.CodeAnalysis;
using Sotto.Sodium.Interop;

namespace Sotto.Sodium;

/// <summary>
/// A message that anybody can seal to a public key and only its owner can open (libsodium's <c>crypto_box_seal</c>). The sender is anonymous
/// and cannot open it again. Thread-safe.
/// </summary>
public static class SealedBox
{
    /// <summary>How much longer the box is than its message, in bytes: an ephemeral public key (32) and a tag (16).</summary>
    public const int Overhead = 48;

    /// <summary>Seals <paramref name="message"/>; two boxes of one message have nothing in common.</summary>
    /// <exception cref="ArgumentException">The public key is not 32 bytes, or of small order.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> message, ReadOnlySpan<byte> recipientPublicKey)
    {
        ByteSize.Require(recipientPublicKey.Length, X25519.KeySize);
        SodiumLibrary.Require();
        var box = new byte[message.Length + Overhead];
        return CryptoBox.crypto_box_seal(box, message, (ulong)message.Length, recipientPublicKey) == 0
            ? box
            : throw new ArgumentException("Nothing can be sealed to this public key: it is of small order.", nameof(recipientPublicKey));
    }

    /// <summary>Opens a box. False when it was not sealed to this key pair, or was changed on its way.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> box, SealingKeyPair keys, [NotNullWhen(true)] out byte[]? message)
    {
        ArgumentNullException.ThrowIfNull(keys);
        message = null;
        if (box.Length < Overhead)
            return false;

        SodiumLibrary.Require();
        var opened = new byte[box.Length - Overhead];
        if (CryptoBox.crypto_box_seal_open(opened, box, (ulong)box.Length, keys.PublicKey.Span, keys.PrivateKey) != 0)
            return false;

        message = opened;
        return true;
    }
}
