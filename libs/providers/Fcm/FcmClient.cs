using Sotto.VendorHttp;

namespace Sotto.Fcm;

/// <summary>Hands messages to Firebase Cloud Messaging, HTTP v1, with access tokens of a service account. Thread-safe.</summary>
/// <remarks>
/// What a network can do wrong is a <see cref="FcmResponse.Silence"/>, not an exception. A refused access token is replaced and the message sent once more.
/// There is no batch: each message is a request of its own.
/// </remarks>
public sealed class FcmClient : IDisposable
{
    private const int Unauthorized = 401;

    private readonly ServiceAccount _account;
    private readonly VendorConnections _tokenConnections;
    private readonly AccessTokenCache _tokens;
    private readonly string _path;

    /// <summary>A client for one project. It owns the account.</summary>
    public FcmClient(FcmOptions options, ServiceAccount account, TimeProvider clock)
    {
        _account = account;
        Connections = new VendorConnections(options.Connections(), clock);
        var tokenEndpoint = options.TokenEndpoint ?? account.TokenEndpoint;
        _tokenConnections = new VendorConnections(options.TokenConnections(tokenEndpoint), clock);
        _tokens = new AccessTokenCache(new FcmTokenEndpoint(account, tokenEndpoint, _tokenConnections, clock).FetchAsync, clock);
        _path = $"/v1/projects/{Uri.EscapeDataString(options.ProjectId ?? account.ProjectId)}/messages:send";
    }

    /// <summary>The connections, for who wants to watch them.</summary>
    public VendorConnections Connections { get; }

    /// <summary>Sends one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="notAfter">From then on it is worthless and is not sent, however long it waits; null for never.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The caller gave up; Google may have taken the message.</exception>
    public async Task<FcmResponse> SendAsync(FcmMessage message, DateTimeOffset? notAfter, CancellationToken cancellationToken)
    {
        var body = message.ToJson();
        var (response, again) = await SendOnceAsync(body, notAfter, cancellationToken);
        return again ? (await SendOnceAsync(body, notAfter, cancellationToken)).Response : response;
    }

    /// <summary>Has an access token fetched, if there is none, and says what came of it.</summary>
    public async Task<AccessTokenAnswer> AskForAccessAsync(CancellationToken cancellationToken) => await _tokens.GetAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        Connections.Dispose();
        _tokenConnections.Dispose();
        _account.Dispose();
    }

    private async Task<(FcmResponse Response, bool Again)> SendOnceAsync(ReadOnlyMemory<byte> body, DateTimeOffset? notAfter, CancellationToken cancellationToken)
    {
        var access = await _tokens.GetAsync(cancellationToken);
        if (access.Token is not { } token)
            return (new FcmResponse { NoAccess = access }, false);
        var request = new VendorRequest(_path, "application/json; charset=UTF-8", body) { Headers = [new("authorization", "Bearer " + token.Value)], NotAfter = notAfter };
        var response = FcmResponse.Read(await Connections.SendAsync(request, cancellationToken));
        // With an FcmError it is not our token that is refused but the key of Apple's or the browsers' side of the project.
        if (response is not { Status: Unauthorized, ErrorCode: null })
            return (response, false);
        _tokens.Invalidate(token);
        return (response, true);
    }
}
