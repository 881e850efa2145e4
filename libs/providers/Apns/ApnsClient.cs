using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Sotto.VendorHttp;

namespace Sotto.Apns;

/// <summary>Hands notifications to Apple over HTTP/2, with a provider token or a certificate. Thread-safe.</summary>
/// <remarks>
/// What a network can do wrong is a <see cref="ApnsResponse.Silence"/>, not an exception. The client mends by itself what is a matter of tokens and connections:
/// a refused token is replaced, together with its connection, and the notification sent once more; connections that Apple wants closed are closed.
/// </remarks>
public sealed class ApnsClient : IDisposable
{
    private readonly ApnsOptions _options;
    private readonly ProviderTokenSigner? _signer;
    private readonly Action<ProviderTokenSigner>? _giveBack;
    private readonly X509Certificate2? _certificate;

    /// <summary>A client that shows provider tokens.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="signer">Makes the tokens.</param>
    /// <param name="clock">Times connections and time-outs.</param>
    /// <param name="giveBack">What becomes of the signer when the client ends; null ends it as well.</param>
    public ApnsClient(ApnsOptions options, ProviderTokenSigner signer, TimeProvider clock, Action<ProviderTokenSigner>? giveBack = null)
        : this(options, clock, certificate: null) => (_signer, _giveBack) = (signer, giveBack);

    /// <summary>A client that shows a certificate. It owns the certificate.</summary>
    public ApnsClient(ApnsOptions options, X509Certificate2 certificate, TimeProvider clock)
        : this(options, clock, certificate)
    {
    }

    private ApnsClient(ApnsOptions options, TimeProvider clock, X509Certificate2? certificate)
    {
        _options = options;
        _certificate = certificate;
        Connections = new VendorConnections(options.Connections(certificate), clock);
    }

    /// <summary>The connections, for who wants to watch them.</summary>
    public VendorConnections Connections { get; }

    /// <summary>When the certificate ends; null with provider tokens, whose keys do not end.</summary>
    public DateTimeOffset? CredentialEndsAt => _certificate is { } certificate ? new DateTimeOffset(certificate.NotAfter) : null;

    /// <summary>Sends one notification.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; Apple may have taken the notification.</exception>
    public async Task<ApnsResponse> SendAsync(ApnsNotification notification, CancellationToken cancellationToken)
    {
        var (response, again) = await SendOnceAsync(notification, cancellationToken);
        return again ? (await SendOnceAsync(notification, cancellationToken)).Response : response;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Connections.Dispose();
        if (_signer is not null && _giveBack is not null)
            _giveBack(_signer);
        else
            _signer?.Dispose();
        _certificate?.Dispose();
    }

    private async Task<(ApnsResponse Response, bool Again)> SendOnceAsync(ApnsNotification notification, CancellationToken cancellationToken)
    {
        var token = _signer?.Token;
        var answer = await Connections.SendAsync(Request(notification, token), cancellationToken);
        var response = ApnsResponse.Read(answer);
        switch (response.Reason)
        {
            // After this the connection refuses everything.
            case ApnsReason.ExpiredProviderToken when token is not null:
                _signer?.Refused(token);
                Connections.Retire(answer);
                return (response, true);
            // A connection takes the keys that are related to its first one only.
            case ApnsReason.UnrelatedKeyIdInToken:
                Connections.Retire(answer);
                return (response, true);
            case ApnsReason.InvalidProviderToken or ApnsReason.TooManyProviderTokenUpdates or ApnsReason.Shutdown or ApnsReason.IdleTimeout:
                Connections.Retire(answer);
                return (response, false);
            default:
                return (response, false);
        }
    }

    private VendorRequest Request(ApnsNotification notification, string? token)
    {
        var headers = new List<KeyValuePair<string, string>>(7)
        {
            new(ApnsHeader.Topic, _options.Topic),
            new(ApnsHeader.PushType, notification.PushType),
            new(ApnsHeader.Priority, notification.Priority.ToString(CultureInfo.InvariantCulture)),
            new(ApnsHeader.Id, notification.Id.ToString("D")),
        };
        if (token is not null)
            headers.Add(new(ApnsHeader.Authorization, "bearer " + token));
        if (notification.Expiration is { } expiration)
            headers.Add(new(ApnsHeader.Expiration, expiration.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        if (notification.CollapseId is { } collapse)
            headers.Add(new(ApnsHeader.CollapseId, collapse));
        // A token is hex digits; one that is not must still not reach outside its place in the path.
        var path = "/3/device/" + Uri.EscapeDataString(notification.DeviceToken.ToLowerInvariant());
        return new VendorRequest(path, "application/json", notification.Body) { Headers = headers, WantedHeaders = WantedHeaders, NotAfter = notification.NotAfter };
    }

    private static readonly string[] WantedHeaders = [ApnsHeader.Id];
}
