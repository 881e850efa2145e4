using Sotto.VendorHttp;

namespace Sotto.Hms;

/// <summary>Hands messages to Huawei Push Kit (v1) with access tokens of the app's id and secret. Thread-safe.</summary>
/// <remarks>
/// What a network can do wrong is a <see cref="HmsResponse.Silence"/>, not an exception. A refused access token is replaced and the message sent once more.
/// </remarks>
public sealed class HmsClient : IDisposable
{
    private const int Unauthorized = 401;

    private readonly VendorConnections _tokenConnections;
    private readonly AccessTokenCache _tokens;
    private readonly string _path;

    /// <summary>A client for one app.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="appSecret">The app's secret.</param>
    /// <param name="clock">Times tokens and time-outs.</param>
    public HmsClient(HmsOptions options, string appSecret, TimeProvider clock)
    {
        Connections = new VendorConnections(options.Connections(), clock);
        _tokenConnections = new VendorConnections(options.TokenConnections(), clock);
        _tokens = new AccessTokenCache(new HmsTokenEndpoint(options, appSecret, _tokenConnections, clock).FetchAsync, clock);
        _path = $"/v1/{Uri.EscapeDataString(options.AppId)}/messages:send";
    }

    /// <summary>The connections, for who wants to watch them.</summary>
    public VendorConnections Connections { get; }

    /// <summary>Sends one message.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; Huawei may have taken the message.</exception>
    public async Task<HmsResponse> SendAsync(HmsMessage message, CancellationToken cancellationToken)
    {
        var body = message.ToJson();
        var (response, again) = await SendOnceAsync(body, cancellationToken);
        return again ? (await SendOnceAsync(body, cancellationToken)).Response : response;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Connections.Dispose();
        _tokenConnections.Dispose();
    }

    private async Task<(HmsResponse Response, bool Again)> SendOnceAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var access = await _tokens.GetAsync(cancellationToken);
        if (access.Token is not { } token)
            return (new HmsResponse { NoAccess = access }, false);
        var request = new VendorRequest(_path, "application/json;charset=UTF-8", body) { Headers = [new("Authorization", "Bearer " + token.Value)] };
        var response = HmsResponse.Read(await Connections.SendAsync(request, cancellationToken));
        var refused = response.Code is HmsCode.AuthenticationFailed or HmsCode.AccessTokenExpired or HmsCode.JwtExpired
            || response is { Status: Unauthorized, Code: null };
        if (refused)
            _tokens.Invalidate(token);
        return (response, refused);
    }
}
