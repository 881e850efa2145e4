using System.Diagnostics.Metrics;
using Sotto.Hosting.Telemetry;

namespace WebPushSender;

/// <summary>Counts what only strangers' servers do. No label names one.</summary>
internal static class WebPushMetrics
{
    private static readonly Counter<long> Resting = Metrics.Meter.CreateCounter<long>("sotto_webpush_endpoints_rested", description: "Endpoints left alone after 20 failures in a row");
    private static readonly Counter<long> Redirecting = Metrics.Meter.CreateCounter<long>("sotto_webpush_endpoints_redirecting", description: "Endpoints that answered with three redirects in a row");

    public static void Rests() => Resting.Add(1);

    public static void Redirects() => Redirecting.Add(1);
}
