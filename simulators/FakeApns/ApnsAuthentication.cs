using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Sotto.FakeProvider;

namespace Sotto.FakeApns;

/// <summary>Who the sender is, by provider token or by client certificate, and which topics it may push to.</summary>
internal sealed class ApnsAuthentication(
    IReadOnlyList<ApnsKey> keys, IReadOnlyList<string> topics, TestAuthority authority, TimeProvider clock)
{
    private const string Scheme = "bearer ";
    private const int TopicLengthMax = 255;

    // Verifying costs more than all the rest of a request, and a sender repeats its token for most of an hour.
    private const int ReadTokensMax = 1000;

    // providers.md section 3.2: an hour; the tolerance for a clock ahead of ours is not published.
    private static readonly TimeSpan TokenLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan ClockAheadMax = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, ProviderToken?> _readTokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ApnsCertificate?> _readCertificates = new(StringComparer.Ordinal);

    /// <summary>The topic that a request is for; with a certificate of one topic it need not say so.</summary>
    public string? TopicOf(ReceivedRequest request, ConnectionState connection) =>
        request.Header("apns-topic") ?? (CertificateOf(connection) is { Topics: [var only] } ? only : null);

    public ApnsRefusal? JudgeTopic(ReceivedRequest request, ConnectionState connection)
    {
        var topic = TopicOf(request, connection);
        if (string.IsNullOrEmpty(topic))
            return ApnsRefusal.MissingTopic;
        if (topic.Length > TopicLengthMax || topic.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_')))
            return ApnsRefusal.BadTopic;

        var ending = ApnsHeaders.TopicEnding(request.Header("apns-push-type"));
        if (!topic.EndsWith(ending, StringComparison.Ordinal))
            return ApnsRefusal.BadTopic;
        var bundle = topic[..^ending.Length];
        var allowed = CertificateOf(connection)?.Topics ?? topics;
        return allowed.Contains(bundle, StringComparer.Ordinal) ? null : ApnsRefusal.TopicDisallowed;
    }

    public ApnsRefusal? Judge(ReceivedRequest request, ConnectionState connection)
    {
        var environment = request.Listener == "sandbox" ? ApnsEnvironments.Sandbox : ApnsEnvironments.Production;
        if (connection.ClientCertificate is null)
            return JudgeToken(request, connection, environment);
        if (CertificateOf(connection) is not { } certificate)
            return ApnsRefusal.BadCertificate;
        return certificate.Environments.HasFlag(environment) ? null : ApnsRefusal.BadCertificateEnvironment;
    }

    private ApnsRefusal? JudgeToken(ReceivedRequest request, ConnectionState connection, ApnsEnvironments environment)
    {
        var authorization = request.Header("authorization");
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return ApnsRefusal.MissingProviderToken;

        var jwt = authorization[Scheme.Length..];
        if (Read(jwt) is not { } token)
            return ApnsRefusal.InvalidProviderToken;
        var now = clock.GetUtcNow();
        if (now - token.IssuedAt > TokenLife)
            return ApnsRefusal.ExpiredProviderToken;
        if (token.IssuedAt - now > ClockAheadMax)
            return ApnsRefusal.InvalidProviderToken;
        if (!token.Key.Environments.HasFlag(environment))
            return ApnsRefusal.BadEnvironmentKeyIdInToken;
        if (token.Key.Topics is { } only && !only.Contains(TopicOf(request, connection), StringComparer.Ordinal))
            return ApnsRefusal.TopicDisallowed;
        return connection.Remember<ApnsConnection>().Take(jwt, token.Key, now);
    }

    private ProviderToken? Read(string jwt)
    {
        if (_readTokens.Count >= ReadTokensMax)
            _readTokens.Clear();
        return _readTokens.GetOrAdd(jwt, text => ProviderToken.Read(text, keys));
    }

    // Null where there is no certificate, or one that is not of Apple's making.
    private ApnsCertificate? CertificateOf(ConnectionState connection)
    {
        if (connection.ClientCertificate is not { } certificate)
            return null;
        if (_readCertificates.Count >= ReadTokensMax)
            _readCertificates.Clear();
        return _readCertificates.GetOrAdd(certificate.Thumbprint, _ => ReadCertificate(certificate));
    }

    private ApnsCertificate? ReadCertificate(X509Certificate2 certificate) =>
        authority.Issued(certificate) ? ApnsCertificate.Read(certificate) : null;
}
