using System.Security.Cryptography;

namespace Sotto.FakeHms;

/// <summary>How an access token stands.</summary>
internal enum AccessTokenState
{
    Unknown,
    Good,
    Expired,
}

/// <summary>The access tokens handed out. Thread-safe.</summary>
internal sealed class AccessTokens(TimeProvider clock, TimeSpan life)
{
    // The oldest are forgotten first.
    private const int TokensMax = 10_000;

    // Flow control: providers.md section 5.2.
    private const int IssuedInWindowMax = 1000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _ends = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private readonly Queue<DateTimeOffset> _issued = new();

    public int LifeSeconds => (int)life.TotalSeconds;

    /// <summary>Gives a token; null when too many were asked for.</summary>
    public string? Issue()
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            while (_issued.TryPeek(out var at) && now - at >= Window)
                _issued.Dequeue();
            if (_issued.Count >= IssuedInWindowMax)
                return null;

            _issued.Enqueue(now);
            // Plain base64: the real ones hold slashes and pluses too.
            var token = "DAEB/" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(96));
            _ends[token] = now + life;
            _order.Enqueue(token);
            while (_order.Count > TokensMax)
                _ends.Remove(_order.Dequeue());
            return token;
        }
    }

    public AccessTokenState StateOf(string token)
    {
        lock (_gate)
        {
            if (!_ends.TryGetValue(token, out var end))
                return AccessTokenState.Unknown;
            return clock.GetUtcNow() < end ? AccessTokenState.Good : AccessTokenState.Expired;
        }
    }

    /// <summary>From now on no token handed out before is known.</summary>
    public void Revoke()
    {
        lock (_gate)
        {
            _ends.Clear();
            _order.Clear();
        }
    }

    /// <summary>Forgets how many were asked for.</summary>
    public void ForgetFlow()
    {
        lock (_gate)
            _issued.Clear();
    }
}
