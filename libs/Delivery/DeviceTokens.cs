using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sotto.Sodium;

namespace Sotto.Delivery;

/// <summary>
/// The one place that opens device tokens, with the key pair of their provider's sender, and that seals them to itself. Opened ones are kept in memory, a bounded number,
/// since opening costs about 50 us. Thread-safe.
/// </summary>
public sealed class DeviceTokens : IDisposable
{
    /// <summary>Size of a device id.</summary>
    public const int DeviceIdSize = 32;

    private readonly SealingKeyPair _keys;
    private readonly byte[] _deviceIdKey = new byte[Blake2bKeySize];
    private readonly BoundedCache<DeviceKey, string> _opened;

    private const int Blake2bKeySize = 32;

    /// <summary>Takes ownership of the key pair.</summary>
    public DeviceTokens(SealingKeyPair keys, int cacheMax)
    {
        _keys = keys;
        _opened = new BoundedCache<DeviceKey, string>(cacheMax);
        keys.DeriveKey("sotto device id"u8, _deviceIdKey);
    }

    /// <summary>Opens a sealed token. False when it is not sealed to this sender, or is no sealed token.</summary>
    /// <param name="deviceId">By which an opened token is remembered.</param>
    /// <param name="sealedToken">What <see cref="Seal"/> gave.</param>
    /// <param name="token">The token. Secret.</param>
    public bool TryOpen(ReadOnlySpan<byte> deviceId, ReadOnlySpan<byte> sealedToken, [NotNullWhen(true)] out string? token)
    {
        var known = DeviceKey.TryRead(deviceId, out var key);
        if (known && _opened.TryGet(key, out token))
            return true;
        token = null;
        if (!SealedBox.TryOpen(sealedToken, _keys, out var content))
            return false;
        token = ReadToken(content);
        CryptographicOperations.ZeroMemory(content);
        if (token is null)
            return false;
        // Only what belongs together is remembered: a wrong pair must not reach another push.
        if (known && CryptographicOperations.FixedTimeEquals(deviceId, DeviceId(token)))
            _opened.Set(key, token);
        return true;
    }

    /// <summary>Opens what else is sealed to this sender.</summary>
    public bool TryOpenContent(ReadOnlySpan<byte> box, [NotNullWhen(true)] out byte[]? content) => SealedBox.TryOpen(box, _keys, out content);

    /// <summary>Seals a token so that only this sender can open it.</summary>
    public byte[] Seal(string token)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(new SealedContent(token), SealedContentJson.Default.SealedContent);
        var box = SealedBox.Seal(content, _keys.PublicKey.Span);
        CryptographicOperations.ZeroMemory(content);
        return box;
    }

    /// <summary>Recognises a token again without telling it: BLAKE2b-256 keyed with a key of this sender's own.</summary>
    public byte[] DeviceId(string token)
    {
        var id = new byte[DeviceIdSize];
        Blake2b.Hash(_deviceIdKey, Encoding.UTF8.GetBytes(token), id);
        return id;
    }

    /// <summary>Forgets an opened token.</summary>
    public void Forget(ReadOnlySpan<byte> deviceId)
    {
        if (DeviceKey.TryRead(deviceId, out var key))
            _opened.Remove(key);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_deviceIdKey);
        _keys.Dispose();
    }

    private static string? ReadToken(byte[] content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, SealedContentJson.Default.SealedContent)?.Token is { Length: > 0 } token ? token : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What is inside a sealed device token. Senders may add to it; it is opaque to everyone else.</summary>
internal sealed record SealedContent([property: System.Text.Json.Serialization.JsonPropertyName("token")] string Token)
{
    public override string ToString() => "[REDACTED]";
}

[System.Text.Json.Serialization.JsonSerializable(typeof(SealedContent))]
internal sealed partial class SealedContentJson : System.Text.Json.Serialization.JsonSerializerContext;
