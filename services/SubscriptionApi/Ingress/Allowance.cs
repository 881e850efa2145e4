namespace SubscriptionApi.Ingress;

/// <summary>
/// So much a second in the long run, and so much at once after a quiet time. What is asked for is allowed while anything is left, whatever it weighs, and leaves a debt that time
/// pays: so the largest request has a chance too. Thread-safe.
/// </summary>
/// <param name="rate">A second; 0 allows everything.</param>
/// <param name="burst">At once, and the largest debt.</param>
/// <param name="clock">Tells how long it was quiet.</param>
internal sealed class Allowance(int rate, int burst, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private double _left = burst;
    private long _at = clock.GetTimestamp();

    public bool TryTake(int weight)
    {
        if (rate == 0)
            return true;
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            _left = Math.Min(burst, _left + (rate * clock.GetElapsedTime(_at, now).TotalSeconds));
            _at = now;
            if (_left < 1)
                return false;
            _left = Math.Max(_left - weight, -burst);
            return true;
        }
    }
}
