using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sotto.Sodium;

namespace Sotto.FakePhone;

/// <summary>The sealed body of a notification: where it is in each vendor's request, and how it is opened (session-v2 sections 6 and 8).</summary>
public static class Envelope
{
    /// <summary>The <c>enc_payload</c> of a request body as Apple, Google or Huawei received it; null when there is none.</summary>
    public static string? FindIn(string providerBody)
    {
        try
        {
            using var document = JsonDocument.Parse(providerBody);
            return FindIn(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Opens a Base64 text of nonce, ciphertext and tag; false when the key is another or the content no notification.</summary>
    public static bool TryOpen(string encPayloadBase64, ReadOnlySpan<byte> key, [NotNullWhen(true)] out Notification? notification)
    {
        notification = null;
        return TryDecrypt(encPayloadBase64, key, out var plaintext) && Notification.TryRead(plaintext, out notification);
    }

    /// <summary>Decrypts alone; the padding stays.</summary>
    public static bool TryDecrypt(string encPayloadBase64, ReadOnlySpan<byte> key, [NotNullWhen(true)] out byte[]? plaintext)
    {
        plaintext = null;
        var payload = new byte[encPayloadBase64.Length];
        if (!Convert.TryFromBase64String(encPayloadBase64, payload, out var length) || length < XChaCha20Poly1305.NonceSize + XChaCha20Poly1305.TagSize)
            return false;

        var nonce = payload.AsSpan(0, XChaCha20Poly1305.NonceSize);
        var ciphertext = payload.AsSpan(XChaCha20Poly1305.NonceSize..length);
        var opened = new byte[ciphertext.Length - XChaCha20Poly1305.TagSize];
        if (!XChaCha20Poly1305.TryDecrypt(ciphertext, nonce, key, opened))
            return false;
        plaintext = opened;
        return true;
    }

    private static string? FindIn(JsonElement root)
    {
        if (Child(root, "enc_payload") is { ValueKind: JsonValueKind.String } apple)
            return apple.GetString();
        if (Child(root, "message") is not { } message || Child(message, "data") is not { } data)
            return null;
        // Google's data is an object, Huawei's a text that holds one.
        return data.ValueKind == JsonValueKind.String ? FindIn(data.GetString()!) : Child(data, "enc_payload")?.GetString();
    }

    private static JsonElement? Child(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child) ? child : null;
}
