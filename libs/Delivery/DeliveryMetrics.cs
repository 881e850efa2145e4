using System.Diagnostics.Metrics;
using Sotto.Hosting.Telemetry;

namespace Sotto.Delivery;

/// <summary>Counts what senders do. Labels are the provider, the outcome class and the end of a push; never anything of a device.</summary>
internal sealed class DeliveryMetrics
{
    private static readonly Counter<long> Attempts = Metrics.Meter.CreateCounter<long>("sotto_push_attempts", description: "Attempts by outcome class");
    private static readonly Counter<long> Ends = Metrics.Meter.CreateCounter<long>("sotto_push_ends", description: "What sender made of pushes: accepted, expired, dead-lettered, parked, postponed, held, duplicate");
    private static readonly Counter<long> AcceptedAfterRetry = Metrics.Meter.CreateCounter<long>("sotto_push_accepted_after_retry", description: "Accepted pushes that took more than one attempt");
    private static readonly Counter<long> Tokens = Metrics.Meter.CreateCounter<long>("sotto_dead_tokens", description: "Tokens said to be dead: retired, suspected until asked again, or doubted");
    private static readonly Histogram<double> AttemptTime = Metrics.Meter.CreateHistogram<double>("sotto_push_attempt_ms", "ms", "From leave to send until the outcome");
    private static readonly Histogram<double> HeardTime = Metrics.Meter.CreateHistogram<double>("sotto_push_heard_to_accepted_ms", "ms", "From the source's wire to the provider's answer");

    private readonly KeyValuePair<string, object?> _provider;

    public DeliveryMetrics(PushApps apps)
    {
        _provider = new("provider", apps.ProviderName);
        Metrics.Meter.CreateObservableGauge("sotto_push_in_flight", () => Each(apps, app => app.Gate.InFlight), description: "Attempts under way");
        Metrics.Meter.CreateObservableGauge("sotto_push_queue_paused", () => apps.All.SelectMany(Paused), description: "1 while an app's pushes are paused, by reason: an alarm");
        Metrics.Meter.CreateObservableGauge("sotto_push_over_quota", () => Each(apps, app => app.Gate.IsOverQuota ? 1 : 0), description: "1 while an app's pushes wait so as not to break its provider's quota");
        Metrics.Meter.CreateObservableGauge("sotto_dead_tokens_doubted", () => Each(apps, app => app.Guard.IsTripped ? 1 : 0), description: "1 while dead tokens are not believed: an alarm");
    }

    public void Attempted(DeliveryOutcome outcome, TimeSpan time)
    {
        Attempts.Add(1, _provider, new("outcome", outcome.Class));
        AttemptTime.Record(time.TotalMilliseconds, _provider);
    }

    public void Ended(string end) => Ends.Add(1, _provider, new("end", end));

    public void Accepted(TimeSpan sinceHeard, bool retried)
    {
        Ended("accepted");
        if (retried)
            AcceptedAfterRetry.Add(1, _provider);
        if (sinceHeard > TimeSpan.Zero)
            HeardTime.Record(sinceHeard.TotalMilliseconds, _provider);
    }

    public void TokenSuspected() => Tokens.Add(1, _provider, new("retired", "suspected"));

    public void TokenDead(bool retired) => Tokens.Add(1, _provider, new("retired", retired ? "yes" : "doubted"));

    private IEnumerable<Measurement<int>> Each(PushApps apps, Func<PushApp, int> value) =>
        apps.All.Select(app => new Measurement<int>(value(app), _provider, AppLabel(app)));

    private static KeyValuePair<string, object?> AppLabel(PushApp app) => new("app", app.Name);

    private IEnumerable<Measurement<int>> Paused(PushApp app)
    {
        var reason = app.Gate.Reason;
        foreach (var why in (GateReason[])[GateReason.Throttled, GateReason.Credential, GateReason.Outage])
            yield return new Measurement<int>(reason == why ? 1 : 0, _provider, AppLabel(app), new("why", Word(why)));
    }

    private static string Word(GateReason reason) => reason switch
    {
        GateReason.Throttled => "throttled",
        GateReason.Credential => "credential",
        _ => "outage",
    };
}
