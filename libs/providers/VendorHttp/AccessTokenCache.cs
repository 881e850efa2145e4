namespace Sotto.VendorHttp;

/// <summary>
/// Keeps the one access token of a credential. Everybody who needs a new one shares one request for it, and an old one is used as long as it is valid while a new
/// one cannot be had. Thread-safe.
/// </summary>
/// <param name="fetch">Asks the token endpoint; must be bounded in time and must not throw what it expects.</param>
/// <param name="clock">Tells when a token has aged.</param>
public sealed class AccessTokenCache(Func<CancellationToken, Task<AccessTokenAnswer>> fetch, TimeProvider clock)
{
    // Providers.md section 2.2: in good time before the end, and with patience when the endpoint fails.
    private static readonly TimeSpan RefreshAheadMin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan BackoffMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackoffMax = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private AccessToken? _token;
    private Task<AccessTokenAnswer>? _fetching;
    private AccessTokenAnswer _lastFailure = new();
    private TimeSpan _nextTry;
    private TimeSpan _backoff;

    /// <summary>How often the token endpoint was asked.</summary>
    public long Fetches { get; private set; }

    // By a clock that nobody sets: a wrong time of day is one reason for being refused, and its mending must not lengthen the pause.
    private TimeSpan SinceStart => clock.GetElapsedTime(startingTimestamp: 0);

    /// <summary>A valid token, or why there is none.</summary>
    public async ValueTask<AccessTokenAnswer> GetAsync(CancellationToken cancellationToken)
    {
        Task<AccessTokenAnswer> fetching;
        lock (_gate)
        {
            var (now, sinceStart) = (clock.GetUtcNow(), SinceStart);
            var valid = _token is { } token && now < token.ExpiresAt ? token : null;
            if ((valid is null || now >= RefreshAt(valid)) && _fetching is null && sinceStart >= _nextTry)
            {
                Fetches++;
                _fetching = Task.Run(FetchAsync, CancellationToken.None);
            }

            if (valid is not null)
                return new AccessTokenAnswer { Token = valid };
            if (_fetching is null)
                return _lastFailure with { Answer = _lastFailure.Answer with { ResumesIn = _nextTry - sinceStart } };
            fetching = _fetching;
        }

        return await fetching.WaitAsync(cancellationToken);
    }

    /// <summary>Forgets a token that a send was refused with, unless another has taken its place already.</summary>
    public void Invalidate(AccessToken used)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_token, used))
                _token = null;
        }
    }

    // A life shorter than the usual head start is halved, or every use would fetch.
    private static DateTimeOffset RefreshAt(AccessToken token)
    {
        var life = token.ExpiresAt - token.IssuedAt;
        var ahead = life / 10 > RefreshAheadMin ? life / 10 : RefreshAheadMin;
        return token.ExpiresAt - (ahead < life / 2 ? ahead : life / 2);
    }

    private async Task<AccessTokenAnswer> FetchAsync()
    {
        AccessTokenAnswer answer;
        try
        {
            answer = await fetch(CancellationToken.None);
        }
        // Whoever waits must get an answer, and the next one a new try.
        catch (Exception e)
        {
            answer = new AccessTokenAnswer { Answer = new VendorAnswer { Silence = e.GetType().Name } };
        }

        lock (_gate)
        {
            _fetching = null;
            if (answer.Token is not null)
            {
                _token = answer.Token;
                _backoff = TimeSpan.Zero;
                _nextTry = default;
            }
            else
            {
                _backoff = _backoff == TimeSpan.Zero ? BackoffMin : _backoff * 2 < BackoffMax ? _backoff * 2 : BackoffMax;
                _nextTry = SinceStart + _backoff;
                _lastFailure = answer;
            }
        }

        return answer;
    }
}
