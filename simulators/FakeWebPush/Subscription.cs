using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Sotto.FakeWebPush;

/// <summary>
/// One subscription: what the push service knows of it, and what the browser or the UnifiedPush app on the device keeps to itself. It opens messages by RFC 8291. Thread-safe.
/// </summary>
public sealed class Subscription : IDisposable
{
    /// <summary>Messages kept for reading back; the oldest go first.</summary>
    public const int InboxMax = 100;

    private const int AuthSecretSize = 16;

    private readonly ECDiffieHellman _key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _authSecret = RandomNumberGenerator.GetBytes(AuthSecretSize);
    private readonly Lock _gate = new();
    private readonly List<InboxMessage> _inbox = [];

    internal Subscription(Uri endpoint, PushServiceStyle style, string? applicationServerKey) =>
        (Endpoint, Style, ApplicationServerKey) = (endpoint, style, applicationServerKey);

    /// <summary>Where to post.</summary>
    public Uri Endpoint { get; }

    /// <summary>Whose push service it is.</summary>
    public PushServiceStyle Style { get; }

    /// <summary>The VAPID key that alone may send: 65 bytes, base64url; null lets anybody.</summary>
    public string? ApplicationServerKey { get; }

    /// <summary>The device's public key, 65 bytes, base64url.</summary>
    public string P256dh => Base64Url.EncodeToString(PublicKey);

    /// <summary>The device's authentication secret, 16 bytes, base64url.</summary>
    public string Auth => Base64Url.EncodeToString(_authSecret);

    /// <summary>What waits for the device, the oldest first; a message takes the place of an earlier one of its topic.</summary>
    public IReadOnlyList<InboxMessage> Inbox
    {
        get
        {
            lock (_gate)
                return [.. _inbox];
        }
    }

    /// <summary>What the browser hands to the app: <c>{"endpoint","keys":{"p256dh","auth"}}</c>.</summary>
    public JsonObject ToJson() => new()
    {
        ["endpoint"] = Endpoint.OriginalString,
        ["keys"] = new JsonObject { ["p256dh"] = P256dh, ["auth"] = Auth },
    };

    /// <summary>Opens a body as the device would; null when it cannot.</summary>
    public byte[]? Open(ReadOnlySpan<byte> body)
    {
        // The platform's keys do not promise that two threads may use one at once.
        lock (_key)
            return MessageOpening.TryOpen(body, _key, PublicKey, _authSecret);
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <inheritdoc/>
    public override string ToString() => $"{Style} subscription";

    internal void Keep(InboxMessage message)
    {
        lock (_gate)
        {
            if (message.Topic is { } topic)
                _inbox.RemoveAll(other => string.Equals(other.Topic, topic, StringComparison.Ordinal));
            if (_inbox.Count == InboxMax)
                _inbox.RemoveAt(0);
            _inbox.Add(message);
        }
    }

    private byte[] PublicKey
    {
        get
        {
            var point = _key.ExportParameters(includePrivateParameters: false).Q;
            return [4, .. point.X!, .. point.Y!];
        }
    }
}

/// <summary>One message as the device opened it.</summary>
/// <param name="Plaintext">What it says.</param>
/// <param name="TtlSeconds">How long the service keeps it.</param>
/// <param name="Urgency">As it was sent; <c>normal</c> where it was not.</param>
/// <param name="Topic">Null without one.</param>
public sealed record InboxMessage(byte[] Plaintext, long TtlSeconds, string Urgency, string? Topic);
