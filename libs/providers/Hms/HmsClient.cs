using Sotto.VendorHttp;

namespace Sotto.Hms;

/// <summary>Hands messages to Huawei Push Kit, with access tokens of the app's id and secret or with tokens of a service account. Thread-safe.</summary>
/// <remarks>
/// What a network can do wrong is a <see cref="HmsResponse.Silence"/>, not an exception. A refused access token is replaced and the message sent once more.
/// </remarks>
public sealed class HmsClient : IDisposable
{
    private const int Unauthorized = 401;

    private readonly IHmsAccess _access;
    private readonly string _path;

    /// <summary>A client for one app by its secret.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="appSecret">The app's secret.</param>
    /// <param name="clock">Times tokens and time-outs.</param>
    public HmsClient(HmsOptions options, string appSecret, TimeProvider clock)
        : this(options, new SecretAccess(options, appSecret, clock), clock)
    {
    }

    /// <summary>A client for one app by a service account, which it owns.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="account">Signs the tokens.</param>
    /// <param name="clock">Times time-outs.</param>
    public HmsClient(HmsOptions options, HmsServiceAccount account, TimeProvider clock)
        : this(options, new AccountAccess(account), clock)
    {
    }

    private HmsClient(HmsOptions options, IHmsAccess access, TimeProvider clock)
    {
        Connections = new VendorConnections(options.Connections(), clock);
        _access = access;
        _path = options.SendPath;
    }

    /// <summary>The connections, for who wants to watch them.</summary>
    public VendorConnections Connections { get; }

    /// <summary>Sends one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="notAfter">From then on it is worthless and is not sent, however long it waits; null for never.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The caller gave up; Huawei may have taken the message.</exception>
    public async Task<HmsResponse> SendAsync(HmsMessage message, DateTimeOffset? notAfter, CancellationToken cancellationToken)
    {
        var body = message.ToJson();
        var (response, again) = await SendOnceAsync(body, notAfter, cancellationToken);
        return again ? (await SendOnceAsync(body, notAfter, cancellationToken)).Response : response;
    }

    /// <summary>Has a token fetched or signed, if there is none, and says what came of it.</summary>
    public async Task<AccessTokenAnswer> AskForAccessAsync(CancellationToken cancellationToken) => await _access.GetAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        Connections.Dispose();
        _access.Dispose();
    }

    private async Task<(HmsResponse Response, bool Again)> SendOnceAsync(ReadOnlyMemory<byte> body, DateTimeOffset? notAfter, CancellationToken cancellationToken)
    {
        var access = await _access.GetAsync(cancellationToken);
        if (access.Token is not { } token)
            return (new HmsResponse { NoAccess = access }, false);
        var request = new VendorRequest(_path, "application/json;charset=UTF-8", body) { Headers = [new("Authorization", "Bearer " + token.Value)], NotAfter = notAfter };
        var response = HmsResponse.Read(await Connections.SendAsync(request, cancellationToken));
        var refused = response.Code is HmsCode.AuthenticationFailed or HmsCode.AccessTokenExpired or HmsCode.JwtExpired
            || response is { Status: Unauthorized, Code: null };
        if (refused)
            _access.Invalidate(token);
        return (response, refused);
    }
}
