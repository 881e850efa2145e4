using System.Diagnostics.Metrics;
using Sotto.Contracts;
using Sotto.Hosting.Telemetry;

namespace Encryptor;

/// <summary>What the Encryptor counts. Thread-safe.</summary>
internal sealed class EncryptorMetrics
{
    private readonly Counter<long> _messages = Metrics.Meter.CreateCounter<long>(
        "sotto_encryptor_messages", description: "Messages by what became of them: matched, unmatched, expired, malformed");
    private readonly Counter<long> _pushes = Metrics.Meter.CreateCounter<long>(
        "sotto_encryptor_pushes", description: "Pushes sealed and confirmed by the broker, by provider");
    private readonly Counter<long> _notMade = Metrics.Meter.CreateCounter<long>(
        "sotto_encryptor_pushes_not_made", description: "Pushes that were not made, by reason: duplicate, key_unreadable");
    private readonly Counter<long> _subscriptions = Metrics.Meter.CreateCounter<long>(
        "sotto_encryptor_subscription_changes", description: "Changes of subscriptions: applied (or older than what is held) and refused");
    private readonly Histogram<double> _age = Metrics.Meter.CreateHistogram<double>(
        "sotto_encryptor_heard_to_handed_over_ms", "ms", "From the source's wire to the provider's queue");

    public void Messages(ReadOnlySpan<bool> matched)
    {
        var some = matched.Count(true);
        Count(_messages, "outcome", "matched", some);
        Count(_messages, "outcome", "unmatched", matched.Length - some);
    }

    public void Expired() => Count(_messages, "outcome", "expired", 1);

    public void Malformed() => Count(_messages, "outcome", "malformed", 1);

    public void Duplicates(int count) => Count(_notMade, "reason", "duplicate", count);

    public void Unreadable() => Count(_notMade, "reason", "key_unreadable", 1);

    public void SubscriptionChanges(int applied, int refused)
    {
        Count(_subscriptions, "outcome", "applied", applied);
        Count(_subscriptions, "outcome", "refused", refused);
    }

    public void HandedOver(IEnumerable<EncryptedPush> pushes, DateTimeOffset now)
    {
        foreach (var push in pushes)
        {
            Count(_pushes, "provider", push.Provider, 1);
            _age.Record(Math.Max(0, (now - push.HeardAt).TotalMilliseconds));
        }
    }

    private static void Count(Counter<long> counter, string label, string value, int count)
    {
        if (count > 0)
            counter.Add(count, new KeyValuePair<string, object?>(label, value));
    }
}
