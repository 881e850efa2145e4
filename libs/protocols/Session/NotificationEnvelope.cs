using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sotto.Bencode;
using Sotto.Sodium;

namespace Sotto.Session;

/// <summary>How the metadata of a notification without data is written (session-v2 section 6).</summary>
public enum MetadataForm
{
    /// <summary>As a bencoded dictionary: what devices get today.</summary>
    Bencode,

    /// <summary>As JSON text, as with data: what is documented.</summary>
    Json,
}

/// <summary>
/// What a device is given: a padded plaintext of metadata and, if it fits, the message, sealed with the key that the device chose (session-v2 section 6). Thread-safe.
/// </summary>
public static class NotificationEnvelope
{
    /// <summary>Longest message that travels inside, in bytes. Of a longer one only the length is told.</summary>
    public const int DataBytesMax = 2500;

    /// <summary>The plaintext is filled up with zeros to a multiple of this many bytes.</summary>
    public const int PaddingBytes = 256;

    /// <summary>The device's key, in bytes.</summary>
    public const int KeySize = XChaCha20Poly1305.KeySize;

    /// <summary>How much longer the sealed envelope is than its plaintext, in bytes: nonce and tag.</summary>
    public const int Overhead = XChaCha20Poly1305.NonceSize + XChaCha20Poly1305.TagSize;

    /// <summary>The padded plaintext. A device that wants no data is told of <c>message with { Data = null }</c>.</summary>
    public static byte[] Plaintext(in NotifyMessage message, MetadataForm form = MetadataForm.Bencode)
    {
        var length = message.Data?.Length ?? 0;
        var fits = length is > 0 and <= DataBytesMax;
        var writer = new BencodeWriter(length <= DataBytesMax ? length + 2 * PaddingBytes : 2 * PaddingBytes);

        writer.StartList();
        if (fits || form == MetadataForm.Json)
            writer.Write(Encoding.UTF8.GetBytes(JsonMetadata(message, length)));
        else
            WriteMetadata(writer, message, length);
        if (fits)
            writer.Write(message.Data.GetValueOrDefault().Span);
        writer.End();

        var padded = new byte[(writer.Length + PaddingBytes - 1) / PaddingBytes * PaddingBytes];
        writer.Written.CopyTo(padded);
        return padded;
    }

    /// <summary>Seals with a fresh random nonce: nonce (24 bytes), ciphertext, tag (16 bytes).</summary>
    /// <exception cref="ArgumentException">The key is not 32 bytes.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> key)
    {
        Span<byte> nonce = stackalloc byte[XChaCha20Poly1305.NonceSize];
        RandomSource.Fill(nonce);
        return Seal(plaintext, key, nonce);
    }

    /// <summary>Seals with this nonce, which must never be used again with this key.</summary>
    /// <exception cref="ArgumentException">The key is not 32 bytes or the nonce not 24.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce)
    {
        var envelope = new byte[plaintext.Length + Overhead];
        XChaCha20Poly1305.Encrypt(plaintext, nonce, key, envelope.AsSpan(XChaCha20Poly1305.NonceSize));
        nonce.CopyTo(envelope);
        return envelope;
    }

    private static string JsonMetadata(in NotifyMessage message, int length)
    {
        var account = Convert.ToHexStringLower(message.Account.Bytes);
        var hash = JsonEncodedText.Encode(message.Hash, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        var tail = length switch
        {
            0 => "",
            <= DataBytesMax => string.Create(CultureInfo.InvariantCulture, $", \"l\": {length}"),
            _ => string.Create(CultureInfo.InvariantCulture, $", \"l\": {length}, \"B\": true"),
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"@": "{{account}}", "#": "{{hash}}", "n": {{message.Namespace}}, "t": {{message.TimestampMilliseconds}}, "z": {{message.ExpiryMilliseconds}}{{tail}}}""");
    }

    private static void WriteMetadata(BencodeWriter writer, in NotifyMessage message, int length)
    {
        writer.StartDictionary();
        writer.Key("#"u8);
        writer.Write(Encoding.UTF8.GetBytes(message.Hash));
        writer.Key("@"u8);
        writer.Write(Encoding.UTF8.GetBytes(Convert.ToHexStringLower(message.Account.Bytes)));
        if (length > DataBytesMax)
        {
            writer.Key("B"u8);
            writer.Write(1L);
            writer.Key("l"u8);
            writer.Write((long)length);
        }

        writer.Key("n"u8);
        writer.Write((long)message.Namespace);
        writer.Key("t"u8);
        writer.Write(message.TimestampMilliseconds);
        writer.Key("z"u8);
        writer.Write(message.ExpiryMilliseconds);
        writer.End();
    }
}
