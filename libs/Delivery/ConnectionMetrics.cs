using System.Diagnostics.Metrics;
using Sotto.Hosting.Telemetry;

namespace Sotto.Delivery;

/// <summary>Shows what a vendor's client knows of its connections and credentials.</summary>
public static class ConnectionMetrics
{
    /// <summary>Shows the connections of one app to its provider.</summary>
    /// <param name="provider">Its name.</param>
    /// <param name="waitingForStream">Requests that wait for a connection, or for a stream that the server allows: many mean that the server has lowered its limit.</param>
    /// <param name="opened">Connections opened so far; quick growth is an alarm.</param>
    /// <param name="clockSkew">The server's clock less ours; more than a minute either way is an alarm, since signed times then fail.</param>
    /// <param name="app">The app.</param>
    public static void ShowConnections(string provider, Func<int> waitingForStream, Func<long> opened, Func<TimeSpan> clockSkew, string app = AppName.Default)
    {
        KeyValuePair<string, object?>[] labels = [new("provider", provider), new("app", app)];
        var total = new GrowingTotal(opened);
        Metrics.Meter.CreateObservableGauge("sotto_provider_waiting_for_stream", () => new Measurement<int>(waitingForStream(), labels));
        Metrics.Meter.CreateObservableCounter("sotto_provider_connections_opened", () => new Measurement<long>(total.Read(), labels));
        Metrics.Meter.CreateObservableGauge("sotto_provider_clock_skew_seconds", () => new Measurement<double>(clockSkew().TotalSeconds, labels));
    }

    // A client with new credentials begins to count anew.
    private sealed class GrowingTotal(Func<long> count)
    {
        private readonly Lock _gate = new();
        private long _before;
        private long _last;

        public long Read()
        {
            lock (_gate)
            {
                var now = count();
                if (now < _last)
                    _before += _last;
                _last = now;
                return _before + now;
            }
        }
    }
}
