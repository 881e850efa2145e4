using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Sotto.OxenMq;

/// <summary>Where a listener is, and its x25519 public key if it speaks CURVE.</summary>
/// <remarks>Immutable. Two addresses are equal if they name the same endpoint and the same key.</remarks>
public sealed class OxenMqAddress : IEquatable<OxenMqAddress>
{
    // sun_path of a Unix socket holds 108 bytes with its terminator.
    private const int IpcPathCharactersMax = 107;

    private const string TcpScheme = "tcp://";

    private readonly byte[]? _publicKey;

    private OxenMqAddress(string endpoint, byte[]? publicKey)
    {
        Endpoint = endpoint;
        _publicKey = publicKey;
        IsNamed = endpoint.StartsWith(TcpScheme, StringComparison.Ordinal)
            && !IPAddress.TryParse(endpoint.AsSpan(TcpScheme.Length, endpoint.LastIndexOf(':') - TcpScheme.Length), out _);
    }

    /// <summary>The ZeroMQ endpoint: <c>tcp://host:port</c> or <c>ipc://path</c>.</summary>
    public string Endpoint { get; }

    /// <summary>The listener's x25519 public key (32 bytes); empty for a listener without encryption.</summary>
    public ReadOnlyMemory<byte> PublicKey => _publicKey;

    /// <summary>Whether the connection is encrypted and the listener proves its key.</summary>
    public bool IsCurve => _publicKey is not null;

    /// <summary>Whether the host is a name, not an IPv4 address.</summary>
    internal bool IsNamed { get; }

    /// <summary>An encrypted listener at <paramref name="host"/>, an IPv4 address or a name.</summary>
    /// <exception cref="FormatException">The host, the port (1 to 65535) or the key (32 bytes) is unusable.</exception>
    public static OxenMqAddress Curve(string host, int port, ReadOnlySpan<byte> publicKey)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (publicKey.Length != OxenMqKeyPair.KeySize)
            throw new FormatException($"A listener's public key has {OxenMqKeyPair.KeySize} bytes, not {publicKey.Length}.");

        var authority = string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
        var endpoint = TcpEndpoint(authority) ?? throw new FormatException($"'{authority}' is not a host and a port.");
        return new OxenMqAddress(endpoint, publicKey.ToArray());
    }

    /// <summary>
    /// Reads <c>tcp://host:port</c>, <c>ipc://path</c>, <c>curve://host:port/key</c>, <c>tcp+curve://host:port/key</c> or
    /// <c>ipc+curve://path/key</c>; the key is hex (64 digits), z-base-32 (52) or base64 (43, or 44 with padding).
    /// </summary>
    /// <exception cref="FormatException">The text is none of these; the message says what is wrong with it.</exception>
    public static OxenMqAddress Parse(string text) =>
        Read(text, out string? wrong) ?? throw new FormatException(wrong);

    /// <summary>As <see cref="Parse"/>, without an exception.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out OxenMqAddress? address) =>
        (address = Read(text, out _)) is not null;

    /// <inheritdoc/>
    public bool Equals(OxenMqAddress? other) =>
        other is not null && string.Equals(Endpoint, other.Endpoint, StringComparison.Ordinal) && PublicKey.Span.SequenceEqual(other.PublicKey.Span)
        && IsCurve == other.IsCurve;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as OxenMqAddress);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Endpoint, StringComparer.Ordinal);
        hash.AddBytes(PublicKey.Span);
        return hash.ToHashCode();
    }

    /// <summary>The endpoint, without the key.</summary>
    public override string ToString() => Endpoint;

    private static OxenMqAddress? Read(string? text, out string? wrong)
    {
        wrong = null;
        var colon = text?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (text is null || colon < 0)
        {
            wrong = "An OxenMQ address begins with tcp://, ipc://, curve://, tcp+curve:// or ipc+curve://.";
            return null;
        }

        var scheme = text[..colon];
        var rest = text[(colon + 3)..];
        byte[]? key = null;
        if (scheme is "curve" or "tcp+curve" or "ipc+curve")
        {
            var slash = rest.LastIndexOf('/');
            key = slash < 0 ? null : KeyText.Decode(rest.AsSpan(slash + 1));
            if (key is null)
            {
                wrong = $"'{scheme}://' needs the listener's public key after the last slash: 64 hex digits, 52 z-base-32 or 43 base64 characters.";
                return null;
            }

            rest = rest[..slash];
        }

        string? endpoint = scheme switch
        {
            "tcp" or "curve" or "tcp+curve" => TcpEndpoint(rest),
            "ipc" or "ipc+curve" => rest.Length is > 0 and <= IpcPathCharactersMax ? "ipc://" + rest : null,
            _ => null,
        };
        if (endpoint is null)
            wrong = $"'{scheme}://{rest}' is no OxenMQ address: expected tcp://host:port or ipc://path (at most {IpcPathCharactersMax} characters).";
        return endpoint is null ? null : new OxenMqAddress(endpoint, key);
    }

    // IPv6 is off on every OxenMQ socket (oxenmq section 1), so a host has no colon. Semicolons would name a source address to libzmq.
    private static string? TcpEndpoint(string authority)
    {
        var colon = authority.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || authority.AsSpan().IndexOfAny(" /;*") >= 0)
            return null;

        var isNumber = int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port);
        return isNumber && port is > 0 and <= 65535 ? string.Create(CultureInfo.InvariantCulture, $"tcp://{authority[..colon]}:{port}") : null;
    }
}
