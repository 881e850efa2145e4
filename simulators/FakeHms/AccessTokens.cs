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

    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> ends = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();
    private readonly Queue<DateTimeOffset> issued = new();

    public int LifeSeconds => (int)life.TotalSeconds;

    /// <summary>Gives a token; null when too many were asked for.</summary>
    public string? Issue()
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            while (issued.TryPeek(out var at) && now - at >= Window)
                issued.Dequeue();
            if (issued.Count >= IssuedInWindowMax)
                return null;

            issued.Enqueue(now);
            // Plain base64: the real ones hold slashes and pluses too.
            var token = "DAEB/" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(96));
            ends[token] = now + life;
            order.Enqueue(token);
            while (order.Count > TokensMax)
                ends.Remove(order.Dequeue());
            return token;
        }
    }

    public AccessTokenState StateOf(string token)
    {
        lock (gate)
        {
            if (!ends.TryGetValue(token, out var end))
                return AccessTokenState.Unknown;
            return clock.GetUtcNow() < end ? AccessTokenState.Good : AccessTokenState.Expired;
        }
    }

    /// <summary>From now on no token handed out before is known.</summary>
    public void Revoke()
    {
        lock (gate)
        {
            ends.Clear();
            order.Clear();
        }
    }

    /// <summary>Forgets how many were asked for.</summary>
    public void ForgetFlow()
    {
        lock (gate)
            issued.Clear();
    }
}
