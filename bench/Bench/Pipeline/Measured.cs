using Sotto.Bench.Measuring;
using Sotto.Ledger;

namespace Sotto.Bench.Pipeline;

/// <summary>One load and what came of it.</summary>
internal sealed record Measured
{
    /// <summary>The first part of a load, in which the pipeline fills, is left out of rates.</summary>
    public const double FillingShare = 0.1;

    public required Verdict Verdict { get; init; }

    /// <summary>From when a message was due until the provider had read its notification, in milliseconds.</summary>
    public required Quantiles Latency { get; init; }

    public required CpuUse Cpu { get; init; }

    public required DateTimeOffset Started { get; init; }

    /// <summary>When the last message was stored.</summary>
    public required DateTimeOffset Sent { get; init; }

    /// <summary>When each notification came, in unix microseconds.</summary>
    public required IReadOnlyList<long> Arrivals { get; init; }

    /// <summary>Messages that were stored.</summary>
    public required int Stored { get; init; }

    /// <summary>Notifications of storage nodes that the listeners took in, copies included, in a second while messages were being stored; the first tenth is left out.</summary>
    public required double NotificationsPerSecond { get; init; }

    /// <summary>Notifications besides that the listeners refused for want of room.</summary>
    public required double Dropped { get; init; }

    /// <summary>Copies that did not reach a listener, because the network's own queue for it was full.</summary>
    public required long Undeliverable { get; init; }

    /// <summary>Messages that the listeners took over: the broker has confirmed each.</summary>
    public required double Accepted { get; init; }

    /// <summary>The most that all services together held in memory.</summary>
    public required long PeakServiceBytes { get; init; }

    /// <summary>Notifications that the provider took.</summary>
    public int Taken => Arrivals.Count;

    /// <summary>What came in a second while messages were being stored; the first tenth, in which the pipeline fills, is left out.</summary>
    public double PerSecond
    {
        get
        {
            var from = Started + ((Sent - Started) * FillingShare);
            var (first, last) = (Microseconds(from), Microseconds(Sent));
            return Arrivals.Count(at => at >= first && at < last) / (Sent - from).TotalSeconds;
        }
    }

    /// <summary>From when the last message was stored until the last notification came.</summary>
    public double SecondsToEnd => Arrivals.Count == 0 ? 0 : Math.Max(0, (Arrivals.Max() - Microseconds(Sent)) / 1e6);

    /// <summary>For how long messages were stored.</summary>
    public double Seconds => (Sent - Started).TotalSeconds;

    private static long Microseconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
