using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sotto.WebPush;

/// <summary>Says to push services who we are (VAPID, RFC 8292): one signed token for each origin, kept for half its life. Thread-safe.</summary>
public sealed class VapidSigner : IDisposable
{
    /// <summary>How long a token is good for; RFC 8292 allows 24 hours.</summary>
    public static readonly TimeSpan TokenLife = TimeSpan.FromHours(12);

    /// <summary>Most origins whose tokens are kept; beyond that the memory is dropped and filled anew.</summary>
    public const int OriginsMax = 10_000;

    private static readonly string Header = Base64Url.EncodeToString("""{"typ":"JWT","alg":"ES256"}"""u8);

    private readonly ECDsa _key;
    private readonly string _subject;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, (string Authorization, DateTimeOffset RenewAt)> _tokens = new(StringComparer.Ordinal);

    /// <summary>A signer with an EC P-256 key in PEM.</summary>
    /// <param name="pem">The private key, PKCS#8 or SEC 1.</param>
    /// <param name="subject">How a push service reaches the operator: <c>mailto:name@host</c> or an https URL. Apple and Mozilla demand it.</param>
    /// <param name="clock">Times the tokens.</param>
    /// <exception cref="ArgumentException">The key or the subject is not of that form.</exception>
    public VapidSigner(string pem, string subject, TimeProvider clock)
    {
        if (!IsSubject(subject))
            throw new ArgumentException("The VAPID subject must be mailto:name@host or an https URL of a public host.", nameof(subject));
        _key = ECDsa.Create();
        _key.ImportFromPem(pem);
        if (_key.KeySize != 256)
            throw new ArgumentException("The VAPID key must be of curve P-256.", nameof(pem));
        _subject = subject;
        _clock = clock;
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        PublicKey = Base64Url.EncodeToString([4, .. point.X!, .. point.Y!]);
    }

    /// <summary>The public key that subscriptions are bound to (<c>applicationServerKey</c>): 65 bytes as base64url.</summary>
    public string PublicKey { get; }

    /// <summary>The value of the <c>Authorization</c> header for an endpoint.</summary>
    public string AuthorizationFor(Uri endpoint)
    {
        var origin = Origin(endpoint);
        var now = _clock.GetUtcNow();
        if (_tokens.TryGetValue(origin, out var kept) && now < kept.RenewAt)
            return kept.Authorization;
        if (_tokens.Count >= OriginsMax)
            _tokens.Clear();
        var fresh = (Sign(origin, now + TokenLife), now + TokenLife / 2);
        _tokens[origin] = fresh;
        return fresh.Item1;
    }

    /// <summary>The token's audience: scheme, host in its ASCII form, and the port unless it is 443.</summary>
    public static string Origin(Uri endpoint) =>
        endpoint.IsDefaultPort ? $"{endpoint.Scheme}://{endpoint.IdnHost.ToLowerInvariant()}" : $"{endpoint.Scheme}://{endpoint.IdnHost.ToLowerInvariant()}:{endpoint.Port}";

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private string Sign(string origin, DateTimeOffset expiresAt)
    {
        var claims = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["aud"] = origin,
            ["exp"] = expiresAt.ToUnixTimeSeconds(),
            ["sub"] = _subject,
        });
        var input = $"{Header}.{Base64Url.EncodeToString(claims)}";
        byte[] signature;
        // ECDsa does not promise that two threads may sign at once.
        lock (_key)
            signature = _key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256);
        return $"vapid t={input}.{Base64Url.EncodeToString(signature)}, k={PublicKey}";
    }

    private static bool IsSubject(string subject)
    {
        const string Mail = "mailto:";
        if (subject.StartsWith(Mail, StringComparison.Ordinal))
        {
            var at = subject.LastIndexOf('@');
            return at > Mail.Length && subject.AsSpan(at).Contains('.') && !subject.Contains(' ', StringComparison.Ordinal);
        }

        return Uri.TryCreate(subject, UriKind.Absolute, out var uri) && string.Equals(uri.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal) && !uri.IsLoopback;
    }
}
