using Sotto.VendorHttp;

namespace Sotto.Hms;

/// <summary>The right to send: tokens of one credential. Thread-safe.</summary>
internal interface IHmsAccess : IDisposable
{
    /// <summary>A valid token, or why there is none.</summary>
    public ValueTask<AccessTokenAnswer> GetAsync(CancellationToken cancellationToken);

    /// <summary>Forgets a token that a send was refused with, unless another has taken its place already.</summary>
    public void Invalidate(AccessToken used);
}

/// <summary>Access tokens that are had for the app's id and secret.</summary>
internal sealed class SecretAccess : IHmsAccess
{
    private readonly VendorConnections _connections;
    private readonly AccessTokenCache _tokens;

    public SecretAccess(HmsOptions options, string appSecret, TimeProvider clock)
    {
        _connections = new VendorConnections(options.TokenConnections(), clock);
        _tokens = new AccessTokenCache(new HmsTokenEndpoint(options, appSecret, _connections, clock).FetchAsync, clock);
    }

    public ValueTask<AccessTokenAnswer> GetAsync(CancellationToken cancellationToken) => _tokens.GetAsync(cancellationToken);

    public void Invalidate(AccessToken used) => _tokens.Invalidate(used);

    public void Dispose() => _connections.Dispose();
}

/// <summary>Tokens that a service account signs by itself.</summary>
internal sealed class AccountAccess(HmsServiceAccount account) : IHmsAccess
{
    public ValueTask<AccessTokenAnswer> GetAsync(CancellationToken cancellationToken) => new(new AccessTokenAnswer { Token = account.Token });

    public void Invalidate(AccessToken used) => account.Refused(used);

    public void Dispose() => account.Dispose();
}
