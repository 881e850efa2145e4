using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
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
    private readonly BoundedCache<DeviceKey, OpenedToken> _opened;

    private const int Blake2bKeySize = 32;

    /// <summary>Takes ownership of the key pair.</summary>
    public DeviceTokens(SealingKeyPair keys, int cacheMax)
    {
        _keys = keys;
        _opened = new BoundedCache<DeviceKey, OpenedToken>(cacheMax);
        keys.DeriveKey("sotto device id"u8, _deviceIdKey);
    }

    /// <summary>Opens a sealed token. False when it is not sealed to this sender, or is no sealed token.</summary>
    /// <param name="sealedToken">What <see cref="Seal(string, string, string)"/> gave.</param>
    /// <param name="token">What was in it.</param>
    // Remembered by the box: one device has as many as it has subscriptions, and may register again with other keys.
    public bool TryOpen(ReadOnlySpan<byte> sealedToken, [NotNullWhen(true)] out OpenedToken? token)
    {
        var fingerprint = FingerprintOf(sealedToken);
        if (_opened.TryGet(fingerprint, out token))
            return true;
        if (!SealedBox.TryOpen(sealedToken, _keys, out var content))
            return false;
        token = Read(content) is { } read ? new OpenedToken(read.Token, read.App) : null;
        CryptographicOperations.ZeroMemory(content);
        if (token is null)
            return false;
        _opened.Set(fingerprint, token);
        return true;
    }

    /// <summary>Opens what else is sealed to this sender.</summary>
    public bool TryOpenContent(ReadOnlySpan<byte> box, [NotNullWhen(true)] out byte[]? content) => SealedBox.TryOpen(box, _keys, out content);

    /// <summary>Seals a token so that only this sender can open it.</summary>
    public byte[] Seal(string token) => Seal(token, token);

    /// <summary>Seals a token so that only this sender can open it, and see to which device it belongs.</summary>
    /// <param name="token">All that the sender needs to reach the device.</param>
    /// <param name="serviceId">What <see cref="DeviceId"/> is made of.</param>
    /// <param name="app">The app that the client named; null when it named none.</param>
    public byte[] Seal(string token, string serviceId, string? app = null)
    {
        var other = string.Equals(token, serviceId, StringComparison.Ordinal) ? null : serviceId;
        var content = JsonSerializer.SerializeToUtf8Bytes(new SealedContent(token, other, app), SealedContentJson.Default.SealedContent);
        var box = SealedBox.Seal(content, _keys.PublicKey.Span);
        CryptographicOperations.ZeroMemory(content);
        return box;
    }

    /// <summary>Recognises a device again without telling its service id: BLAKE2b-256 keyed with a key of this sender's own.</summary>
    public byte[] DeviceId(string serviceId)
    {
        var id = new byte[DeviceIdSize];
        Blake2b.Hash(_deviceIdKey, Encoding.UTF8.GetBytes(serviceId), id);
        return id;
    }

    /// <summary>Forgets an opened token.</summary>
    public void Forget(ReadOnlySpan<byte> sealedToken) => _opened.Remove(FingerprintOf(sealedToken));

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_deviceIdKey);
        _keys.Dispose();
    }

    private static SealedContent? Read(byte[] content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, SealedContentJson.Default.SealedContent) is { Token.Length: > 0 } read ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static DeviceKey FingerprintOf(ReadOnlySpan<byte> box)
    {
        Span<byte> hash = stackalloc byte[DeviceIdSize];
        Blake2b.Hash(box, hash);
        DeviceKey.TryRead(hash, out var fingerprint);
        return fingerprint;
    }
}

/// <summary>What a sealed device token says.</summary>
/// <param name="Token">All that the sender needs to reach the device. Secret.</param>
/// <param name="App">The app that the client named; null when it named none.</param>
public sealed record OpenedToken(string Token, string? App)
{
    /// <inheritdoc/>
    // A record would print the token.
    public override string ToString() => "[REDACTED]";
}

/// <summary>What is inside a sealed device token. Senders may add to it; it is opaque to everyone else.</summary>
/// <param name="Token">All that the sender needs to reach the device.</param>
/// <param name="ServiceId">What the device id is made of; null when that is the token.</param>
/// <param name="App">The app that the client named; null for the one that is meant by default, and in tokens sealed before apps had names.</param>
internal sealed record SealedContent(
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ServiceId,
    [property: JsonPropertyName("app"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? App)
{
    public override string ToString() => "[REDACTED]";
}

[JsonSerializable(typeof(SealedContent))]
internal sealed partial class SealedContentJson : JsonSerializerContext;
