using System.Diagnostics.Metrics;
using Sotto.Hosting.Telemetry;

namespace Sotto.Delivery;

/// <summary>Shows what a vendor's client knows of its connections and credentials.</summary>
public static class ConnectionMetrics
{
    /// <summary>Shows the connections of one provider.</summary>
    /// <param name="provider">Its name.</param>
    /// <param name="waitingForStream">Requests that wait for a connection, or for a stream that the server allows: many mean that the server has lowered its limit.</param>
    /// <param name="opened">Connections opened so far; quick growth is an alarm.</param>
    /// <param name="clockSkew">The server's clock less ours; more than a minute either way is an alarm, since signed times then fail.</param>
    public static void ShowConnections(string provider, Func<int> waitingForStream, Func<long> opened, Func<TimeSpan> clockSkew)
    {
        KeyValuePair<string, object?>[] labels = [new("provider", provider)];
        Metrics.Meter.CreateObservableGauge("sotto_provider_waiting_for_stream", () => new Measurement<int>(waitingForStream(), labels));
        Metrics.Meter.CreateObservableCounter("sotto_provider_connections_opened", () => new Measurement<long>(opened(), labels));
        Metrics.Meter.CreateObservableGauge("sotto_provider_clock_skew_seconds", () => new Measurement<double>(clockSkew().TotalSeconds, labels));
    }

    /// <summary>Shows how many days a credential is still good for.</summary>
    public static void ShowCredential(string provider, DateTimeOffset endsAt, TimeProvider clock)
    {
        KeyValuePair<string, object?>[] labels = [new("provider", provider)];
        Metrics.Meter.CreateObservableGauge("sotto_credential_days_left", () => new Measurement<double>((endsAt - clock.GetUtcNow()).TotalDays, labels));
    }
}
