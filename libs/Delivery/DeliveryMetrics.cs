using System.Diagnostics.Metrics;
using Sotto.Hosting.Telemetry;

namespace Sotto.Delivery;

/// <summary>Counts what senders do. Labels are the provider, the outcome class and the end of a push; never anything of a device.</summary>
internal sealed class DeliveryMetrics
{
    private static readonly Counter<long> Attempts = Metrics.Meter.CreateCounter<long>("sotto_push_attempts", description: "Attempts by outcome class");
    private static readonly Counter<long> Ends = Metrics.Meter.CreateCounter<long>("sotto_push_ends", description: "What sender made of pushes: accepted, expired, dead-lettered, parked, postponed, duplicate, poison");
    private static readonly Counter<long> Tokens = Metrics.Meter.CreateCounter<long>("sotto_dead_tokens", description: "Tokens said to be dead: retired or doubted");
    private static readonly Histogram<double> AttemptTime = Metrics.Meter.CreateHistogram<double>("sotto_push_attempt_ms", "ms", "From leave to send until the outcome");
    private static readonly Histogram<double> HeardTime = Metrics.Meter.CreateHistogram<double>("sotto_push_heard_to_accepted_ms", "ms", "From the source's wire to the provider's answer");

    private readonly KeyValuePair<string, object?> _provider;

    public DeliveryMetrics(string provider, ProviderGate gate, MassFailureGuard guard)
    {
        _provider = new("provider", provider);
        KeyValuePair<string, object?>[] labels = [_provider];
        Metrics.Meter.CreateObservableGauge("sotto_push_in_flight", () => new Measurement<int>(gate.InFlight, labels), description: "Attempts under way");
        Metrics.Meter.CreateObservableGauge("sotto_push_queue_paused", () => Paused(gate), description: "1 while a queue is paused, by reason: an alarm");
        Metrics.Meter.CreateObservableGauge("sotto_dead_tokens_doubted", () => new Measurement<int>(guard.IsTripped ? 1 : 0, labels), description: "1 while dead tokens are not believed: an alarm");
    }

    public void Attempted(DeliveryOutcome outcome, TimeSpan time)
    {
        Attempts.Add(1, _provider, new("outcome", outcome.Class));
        AttemptTime.Record(time.TotalMilliseconds, _provider);
    }

    public void Ended(string end) => Ends.Add(1, _provider, new("end", end));

    public void Accepted(TimeSpan sinceHeard)
    {
        Ended("accepted");
        if (sinceHeard > TimeSpan.Zero)
            HeardTime.Record(sinceHeard.TotalMilliseconds, _provider);
    }

    public void TokenDead(bool retired) => Tokens.Add(1, _provider, new("retired", retired ? "yes" : "doubted"));

    private IEnumerable<Measurement<int>> Paused(ProviderGate gate)
    {
        var reason = gate.Reason;
        foreach (var why in (GateReason[])[GateReason.Throttled, GateReason.Credential, GateReason.Outage])
            yield return new Measurement<int>(reason == why ? 1 : 0, _provider, new("why", Word(why)));
    }

    private static string Word(GateReason reason) => reason switch
    {
        GateReason.Throttled => "throttled",
        GateReason.Credential => "credential",
        _ => "outage",
    };
}
