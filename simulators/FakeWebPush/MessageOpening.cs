using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sotto.FakeWebPush;

/// <summary>The receiver's half of RFC 8291 on RFC 8188, read from the RFCs and written for this simulator: any number of records, as a receiver must take them.</summary>
internal static class MessageOpening
{
    private const int SaltSize = 16;
    private const int PublicKeySize = 65;
    private const int TagSize = 16;
    private const int NonceSize = 12;
    private const int ContentKeySize = 16;
    private const int SizeOffset = SaltSize;
    private const int IdLengthOffset = SizeOffset + 4;
    private const int KeyOffset = IdLengthOffset + 1;
    private const int RecordsOffset = KeyOffset + PublicKeySize;

    /// <summary>Null when the body is not laid out as it must be, or is not for this receiver.</summary>
    public static byte[]? TryOpen(ReadOnlySpan<byte> body, ECDiffieHellman receiver, byte[] receiverPublic, byte[] authSecret)
    {
        if (body.Length <= RecordsOffset || body[IdLengthOffset] != PublicKeySize || body[KeyOffset] != 4)
            return null;
        var recordSize = BinaryPrimitives.ReadUInt32BigEndian(body[SizeOffset..]);
        if (recordSize <= TagSize + 1)
            return null;
        try
        {
            var inputKey = InputKey(body[KeyOffset..RecordsOffset].ToArray(), receiver, receiverPublic, authSecret);
            return TryOpenContent(body[..SaltSize], (int)Math.Min(recordSize, int.MaxValue), inputKey, body[RecordsOffset..]);
        }
        // A point off the curve, or another receiver's message.
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The content coding alone (RFC 8188): null when a record is not laid out as it must be.</summary>
    /// <exception cref="CryptographicException">It was made with another key, or changed.</exception>
    public static byte[]? TryOpenContent(ReadOnlySpan<byte> salt, int recordSize, byte[] inputKey, ReadOnlySpan<byte> records)
    {
        var pseudoRandom = HMACSHA256.HashData(salt, inputKey);
        using var cipher = new AesGcm(ExpandOnce(pseudoRandom, Ascii("Content-Encoding: aes128gcm\0"))[..ContentKeySize], TagSize);
        return Records(records, recordSize, cipher, ExpandOnce(pseudoRandom, Ascii("Content-Encoding: nonce\0"))[..NonceSize]);
    }

    private static byte[] InputKey(byte[] senderPublic, ECDiffieHellman receiver, byte[] receiverPublic, byte[] authSecret)
    {
        using var sender = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = senderPublic[1..33], Y = senderPublic[33..] },
        });
        // Extract in one step: the platform computes HMAC(auth, shared secret) itself.
        var pseudoRandomKey = receiver.DeriveKeyFromHmac(sender.PublicKey, HashAlgorithmName.SHA256, authSecret);
        return ExpandOnce(pseudoRandomKey, [.. Ascii("WebPush: info\0"), .. receiverPublic, .. senderPublic]);
    }

    private static byte[]? Records(ReadOnlySpan<byte> records, int recordSize, AesGcm cipher, byte[] nonce)
    {
        var message = new List<byte>();
        for (ulong sequence = 0; ; sequence++)
        {
            var isLast = records.Length <= recordSize;
            var record = isLast ? records : records[..recordSize];
            if (record.Length <= TagSize)
                return null;
            var plain = new byte[record.Length - TagSize];
            cipher.Decrypt(NonceOf(nonce, sequence), record[..plain.Length], record[plain.Length..], plain);
            // Padding is zeros behind a delimiter: 2 in the last record, 1 in the others.
            var end = Array.FindLastIndex(plain, value => value != 0);
            if (end < 0 || plain[end] != (isLast ? 2 : 1))
                return null;
            message.AddRange(plain[..end]);
            if (isLast)
                return [.. message];
            records = records[recordSize..];
        }
    }

    private static byte[] NonceOf(byte[] first, ulong sequence)
    {
        var nonce = first.ToArray();
        var tail = nonce.AsSpan(NonceSize - sizeof(ulong));
        BinaryPrimitives.WriteUInt64BigEndian(tail, BinaryPrimitives.ReadUInt64BigEndian(tail) ^ sequence);
        return nonce;
    }

    private static byte[] ExpandOnce(byte[] key, byte[] info) => HMACSHA256.HashData(key, (byte[])[.. info, 1]);

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
