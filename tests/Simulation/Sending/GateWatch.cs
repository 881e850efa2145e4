using Simulation.Running;
using Sotto.Delivery;

namespace Simulation.Sending;

/// <summary>Watches one sender's attempts as its provider sees them: how many at one time and in a second, in a pause, as a probe, and how fast they grow again.</summary>
internal sealed class GateWatch(Scheduler scheduler, string sender, ProviderGate gate, GateOptions options)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Queue<DateTimeOffset> _lately = [];
    private int _inFlight;
    private int _probes;
    private int _answered;
    private DateTimeOffset _askedUntil;
    private DateTimeOffset? _resumedAt;

    /// <summary>An attempt begins.</summary>
    /// <returns>True when it is a probe.</returns>
    public bool Begins()
    {
        var now = scheduler.Time.GetUtcNow();
        if (++_inFlight > options.InFlightMax)
            scheduler.Break($"{sender} makes {_inFlight} attempts at one time");
        _lately.Enqueue(now);
        while (now - _lately.Peek() >= Second)
            _lately.Dequeue();
        if (_lately.Count > options.PerMinuteMax / 60)
            scheduler.Break($"{sender} begins {_lately.Count} attempts in a second");
        if (gate.PausedFor > TimeSpan.Zero)
            scheduler.Break($"{sender} sends during a pause");
        if (now < _askedUntil)
            scheduler.Break($"{sender} sends {(_askedUntil - now).TotalSeconds:0} s before its provider wants any");
        if (gate.Reason != GateReason.None)
        {
            _resumedAt = null;
            if (++_probes > 1)
                scheduler.Break($"{sender} sends two probes at one time");
            return true;
        }

        if (_resumedAt is { } resumedAt && _inFlight > Math.Max(1, (int)((now - resumedAt) / options.RampUp * options.InFlightMax)) && now - resumedAt < options.RampUp)
            scheduler.Break($"{sender} makes {_inFlight} attempts at one time, {(now - resumedAt).TotalSeconds:0.0} s after a pause");
        return false;
    }

    /// <summary>It ends.</summary>
    public void Ends(bool isProbe, DeliveryOutcome outcome)
    {
        var now = scheduler.Time.GetUtcNow();
        _inFlight--;
        _answered++;
        if (isProbe)
        {
            _probes--;
            if (outcome is DeliveryOutcome.Delivered)
                _resumedAt = now;
        }

        // What is said while it is closed already is about attempts from before.
        if (outcome is DeliveryOutcome.Throttled { Scope: ThrottleScope.App or ThrottleScope.Provider, Told: { } told } && gate.PausedFor == TimeSpan.Zero && now >= _askedUntil
            && (isProbe || gate.Reason == GateReason.None))
        {
            _askedUntil = now + told;
            _resumedAt = null;
        }
    }
}
