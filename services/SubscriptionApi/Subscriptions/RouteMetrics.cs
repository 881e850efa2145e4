using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Sotto.Hosting.Telemetry;

namespace SubscriptionApi.Subscriptions;

/// <summary>Counts the answers of one route by their codes, and times them. An item of an array counts as one answer.</summary>
internal sealed class RouteMetrics(string route)
{
    private readonly Counter<long> _answers = Metrics.Meter.CreateCounter<long>($"sotto_{route}_answers", description: "Items answered, by error code; 0 is success");
    private readonly Histogram<double> _durations = Metrics.Meter.CreateHistogram<double>($"sotto_{route}_milliseconds", description: "From a parsed item to its answer");

    public Measured Begin() => new(this, Stopwatch.GetTimestamp());

    internal readonly struct Measured(RouteMetrics metrics, long begun) : IDisposable
    {
        public ItemAnswer Done(ItemAnswer answer)
        {
            // A sender may answer any number, and each would be a series.
            var code = answer.Code is >= ErrorCode.None and <= ErrorCode.Internal ? answer.Code.ToString(CultureInfo.InvariantCulture) : "other";
            metrics._answers.Add(1, new KeyValuePair<string, object?>("code", code));
            return answer;
        }

        public void Dispose() => metrics._durations.Record(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
    }
}
