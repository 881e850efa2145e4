using System.Buffers.Text;
using System.Security.Cryptography;

namespace Sotto.FakeFcm;

/// <summary>The access tokens handed out and not yet over. Thread-safe.</summary>
internal sealed class AccessTokens(TimeProvider clock, TimeSpan life, bool repeats)
{
    // The oldest go first; a sender holds one or two.
    private const int TokensMax = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> ends = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();
    private string? newest;

    /// <summary>Gives a token, and the whole seconds it is good for.</summary>
    public (string Token, int Seconds) Issue()
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (repeats && newest is not null && ends.TryGetValue(newest, out var end) && end - now > life / 2)
                return (newest, Seconds(end - now));

            newest = "ya29.c." + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(96));
            ends[newest] = now + life;
            order.Enqueue(newest);
            while (order.Count > TokensMax)
                ends.Remove(order.Dequeue());
            return (newest, Seconds(life));
        }
    }

    public bool IsGood(string token)
    {
        lock (gate)
            return ends.TryGetValue(token, out var end) && clock.GetUtcNow() < end;
    }

    /// <summary>From now on no token handed out before is good.</summary>
    public void Revoke()
    {
        lock (gate)
        {
            ends.Clear();
            order.Clear();
            newest = null;
        }
    }

    // The real one says 3599 for an hour.
    private static int Seconds(TimeSpan left) => Math.Max(0, (int)Math.Ceiling(left.TotalSeconds) - 1);
}
