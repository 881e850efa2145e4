using System.Diagnostics.Metrics;
using Sotto.Hosting.Telemetry;

namespace SubscriptionApi.Ingress;

/// <summary>Counts what was sent away, and says so in the log, but not more often than once a minute. Thread-safe.</summary>
internal sealed class IngressRefusals(TimeProvider clock, ILogger<IngressRefusals> logger)
{
    private static readonly TimeSpan LogPause = TimeSpan.FromMinutes(1);

    private readonly Counter<long> _refused = Metrics.Meter.CreateCounter<long>("sotto_ingress_refused", description: "Requests and connections sent away, by reason");
    private long _unsaid;
    private long _saidAt;

    public void Count(IngressRefusal reason)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));
        Interlocked.Increment(ref _unsaid);
        var saidAt = Volatile.Read(ref _saidAt);
        if (saidAt != 0 && clock.GetElapsedTime(saidAt) < LogPause)
            return;
        if (Interlocked.CompareExchange(ref _saidAt, clock.GetTimestamp(), saidAt) == saidAt)
            logger.IngressRefused(Interlocked.Exchange(ref _unsaid, 0), reason);
    }
}
