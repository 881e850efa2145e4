using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sotto.Session;

namespace Sotto.OnionRequests;

/// <summary>
/// A request that reached us through service nodes, which learn neither what it says nor both its ends (session-onion sections 2 to 4). The body is a length (4 bytes, little-endian), as
/// many bytes of ciphertext, and a JSON object that names the client's key and the cipher.
/// </summary>
public static class OnionRequest
{
    /// <summary>Largest body, in bytes: the limit of the service nodes' own parser. Refuse a larger one before reading it.</summary>
    public const int BodyBytesMax = 10 * 1024 * 1024;

    /// <summary>Largest JSON part, in bytes. Clients send about a hundred.</summary>
    public const int ControlBytesMax = 16 * 1024;

    private const int LengthSize = 4;

    /// <summary>
    /// Opens a request. False, with no reason and never an exception, for everything that is not a request to this key: answer HTTP 400. Sizes and JSON are checked before
    /// any cryptography.
    /// </summary>
    /// <param name="key">The server's key.</param>
    /// <param name="body">The HTTP body as it came.</param>
    /// <param name="payload">What the client sealed; for v4 see <see cref="V4Request"/>.</param>
    /// <param name="reply">Seals the answer for the same client.</param>
    public static bool TryOpen(
        OnionKey key, ReadOnlyMemory<byte> body, [NotNullWhen(true)] out byte[]? payload, [NotNullWhen(true)] out OnionReply? reply)
    {
        ArgumentNullException.ThrowIfNull(key);
        (payload, reply) = (null, null);
        Span<byte> clientKey = stackalloc byte[EphemeralKey.Size];
        if (!TrySplit(body, out var message, out var control) || !TryReadControl(control, clientKey, out var cipher) || message.Length < cipher.Overhead())
            return false;

        var symmetricKey = new byte[OnionCipherMethods.KeySize];
        var plaintext = new byte[message.Length - cipher.Overhead()];
        if (!cipher.TryAgree(key, clientKey, symmetricKey) || !cipher.TryDecrypt(symmetricKey, message.Span, plaintext))
            return false;

        payload = plaintext;
        reply = new OnionReply(cipher, symmetricKey);
        return true;
    }

    private static bool TrySplit(ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> message, out ReadOnlyMemory<byte> control)
    {
        (message, control) = (default, default);
        if (body.Length is < LengthSize or > BodyBytesMax)
            return false;

        var length = BinaryPrimitives.ReadUInt32LittleEndian(body.Span);
        var rest = body[LengthSize..];
        if (length > rest.Length || rest.Length - length > ControlBytesMax)
            return false;

        message = rest[..(int)length];
        control = rest[(int)length..];
        return true;
    }

    private static bool TryReadControl(ReadOnlyMemory<byte> control, Span<byte> clientKey, out OnionCipher cipher)
    {
        cipher = OnionCipher.AesGcm;
        if (!ClientJson.TryTake(control, out var json) || !TryFind(json.Span, out var keyText, out var cipherName) || !EphemeralKey.TryDecode(keyText, clientKey))
            return false;
        if (cipherName is null)
            return true;
        if (OnionCipherMethods.Named(cipherName) is not { } named)
            return false;
        cipher = named;
        return true;
    }

    // Of names given twice the last counts. A cipher that is no text is not absent.
    private static bool TryFind(ReadOnlySpan<byte> json, [NotNullWhen(true)] out string? keyText, out string? cipherName)
    {
        (keyText, cipherName) = (null, null);
        var reader = ClientJson.Reader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isKey, isCipher) = (reader.ValueTextEquals("ephemeral_key"u8), reader.ValueTextEquals("enc_type"u8));
            reader.Read();
            if (isKey)
                keyText = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            else if (isCipher)
                cipherName = reader.TokenType == JsonTokenType.String ? reader.GetString() : "";
            reader.Skip();
        }

        return keyText is not null;
    }
}
