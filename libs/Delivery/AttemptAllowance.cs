namespace Sotto.Delivery;

/// <summary>
/// Spreads attempts over time, so that a backlog does not break a provider's quota: in no second begin more than a sixtieth of what a minute allows. It fills up at nine tenths of
/// that rate, and what was not used is kept up to the remaining tenth. It begins empty: an instance that was ended may just have used all of it. Not thread-safe.
/// </summary>
/// <param name="perMinuteMax">Attempts in any minute at most; 1 or more.</param>
/// <param name="clock">What fills it.</param>
internal sealed class AttemptAllowance(int perMinuteMax, TimeProvider clock)
{
    // A provider counts when attempts arrive, not when they begin; a tenth of a second is what a network may hold some of them up and then deliver them together with others.
    private const double KeptShare = 0.1;

    // No timer is finer.
    private static readonly TimeSpan WaitMin = TimeSpan.FromMilliseconds(1);

    private readonly double _keptMax = Math.Max(1, KeptShare * perMinuteMax / 60);
    private readonly double _perSecond = (1 - KeptShare) * perMinuteMax / 60;
    private double _left;
    private long _at = clock.GetTimestamp();

    /// <summary>Takes leave for one attempt.</summary>
    /// <param name="wait">After which time it makes sense to ask again; zero when leave was given.</param>
    public bool TryTake(out TimeSpan wait)
    {
        var now = clock.GetTimestamp();
        _left = Math.Min(_keptMax, _left + (_perSecond * clock.GetElapsedTime(_at, now).TotalSeconds));
        _at = now;
        wait = TimeSpan.Zero;
        if (_left >= 1)
        {
            _left--;
            return true;
        }

        var missing = TimeSpan.FromSeconds((1 - _left) / _perSecond);
        wait = missing > WaitMin ? missing : WaitMin;
        return false;
    }
}
