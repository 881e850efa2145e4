using System.Buffers.Text;
using System.Security.Cryptography;

namespace Sotto.FakeFcm;

/// <summary>The access tokens handed out and not yet over. Thread-safe.</summary>
internal sealed class AccessTokens(TimeProvider clock, TimeSpan life, bool repeats)
{
    // The oldest go first; a sender holds one or two.
    private const int TokensMax = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _ends = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private string? _newest;

    /// <summary>Gives a token, and the whole seconds it is good for.</summary>
    public (string Token, int Seconds) Issue()
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            if (repeats && _newest is not null && _ends.TryGetValue(_newest, out var end) && end - now > life / 2)
                return (_newest, Seconds(end - now));

            _newest = "ya29.c." + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(96));
            _ends[_newest] = now + life;
            _order.Enqueue(_newest);
            while (_order.Count > TokensMax)
                _ends.Remove(_order.Dequeue());
            return (_newest, Seconds(life));
        }
    }

    public bool IsGood(string token)
    {
        lock (_gate)
            return _ends.TryGetValue(token, out var end) && clock.GetUtcNow() < end;
    }

    /// <summary>From now on no token handed out before is good.</summary>
    public void Revoke()
    {
        lock (_gate)
        {
            _ends.Clear();
            _order.Clear();
            _newest = null;
        }
    }

    // The real one says 3599 for an hour.
    private static int Seconds(TimeSpan left) => Math.Max(0, (int)Math.Ceiling(left.TotalSeconds) - 1);
}
