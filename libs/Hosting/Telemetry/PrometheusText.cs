using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Sotto.Hosting.Telemetry;

/// <summary>Keeps the present values of all instruments of <see cref="Metrics.MeterName"/> and writes them in Prometheus text format 0.0.4.</summary>
/// <remarks>Thread-safe. Histograms are kept in fixed buckets of <see cref="BucketBounds"/>; at most <see cref="SeriesMax"/> series are kept.</remarks>
public sealed class PrometheusText : IDisposable
{
    /// <summary>Most series; more are not recorded, so that a label cannot fill the memory.</summary>
    public const int SeriesMax = 2_000;

    /// <summary>What the text is, for the HTTP header.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly double[] BucketBounds = [0.5, 1, 2, 4, 8, 15, 25, 40, 75, 150, 400, 1_000, 5_000, 30_000];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), Series> _series = new();

    // The same series by what an instrument was given: writing labels as text for each measurement would cost more than all the rest of it.
    private readonly ConcurrentDictionary<Given, Series> _known = new();

    /// <summary>Starts listening.</summary>
    public PrometheusText()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (string.Equals(instrument.Meter.Name, Metrics.MeterName, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>All series, one sample a line.</summary>
    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var family in _series.OrderBy(entry => entry.Key.Name, StringComparer.Ordinal).ThenBy(entry => entry.Key.Labels, StringComparer.Ordinal)
            .GroupBy(entry => entry.Key.Name, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {family.Key} {family.First().Value.Kind}\n");
            foreach (var ((name, labels), series) in family)
                series.Write(text, name, labels);
        }

        return text.ToString();
    }

    /// <summary>The present values of all counters and of all gauges, by series; at most <paramref name="countMax"/> together. Histograms are left out.</summary>
    public (IReadOnlyDictionary<string, double> Counters, IReadOnlyDictionary<string, double> Gauges) Read(int countMax)
    {
        _listener.RecordObservableInstruments();
        var (counters, gauges) = (new Dictionary<string, double>(StringComparer.Ordinal), new Dictionary<string, double>(StringComparer.Ordinal));
        foreach (var ((name, labels), series) in _series)
        {
            if (series.Present is { } value && counters.Count + gauges.Count < countMax)
                (string.Equals(series.Kind, "counter", StringComparison.Ordinal) ? counters : gauges)[labels.Length == 0 ? name : $"{name}{{{labels}}}"] = value;
        }

        return (counters, gauges);
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var given = Given.Of(instrument, tags);
        if (given is { } seen && _known.TryGetValue(seen, out var known))
        {
            known.Record(value);
            return;
        }

        var key = (instrument.Name, Labels(tags));
        if (!_series.TryGetValue(key, out var series))
        {
            if (_series.Count >= SeriesMax)
                return;
            series = _series.GetOrAdd(key, static (_, source) => Series.For(source), instrument);
        }

        if (given is { } unseen && _known.Count < SeriesMax)
            _known.TryAdd(unseen, series);
        series.Record(value);
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
            return "";
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            var escaped = Convert.ToString(value, CultureInfo.InvariantCulture)?
                .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal);
            text.Append(text.Length == 0 ? "" : ",").Append(key).Append("=\"").Append(escaped).Append('"');
        }

        return text.ToString();
    }

    // Two labels and no more: that is all but a few.
    private readonly record struct Given(Instrument Instrument, string? Key, object? Value, string? OtherKey, object? OtherValue)
    {
        public static Given? Of(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) => tags.Length switch
        {
            0 => new Given(instrument, null, null, null, null),
            1 => new Given(instrument, tags[0].Key, tags[0].Value, null, null),
            2 => new Given(instrument, tags[0].Key, tags[0].Value, tags[1].Key, tags[1].Value),
            _ => null,
        };
    }

    private abstract class Series(string kind)
    {
        public string Kind => kind;

        public static Series For(Instrument instrument)
        {
            var type = instrument.GetType();
            var name = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
            if (name == typeof(Histogram<>))
                return new Distribution();
            return name == typeof(Counter<>) || name == typeof(UpDownCounter<>)
                ? new Sum(name == typeof(Counter<>) ? "counter" : "gauge")
                : new Last(name == typeof(ObservableCounter<>) ? "counter" : "gauge");
        }

        /// <summary>The one present value, where there is one.</summary>
        public virtual double? Present => null;

        public abstract void Record(double value);

        public abstract void Write(StringBuilder text, string name, string labels);

        protected static void Line(StringBuilder text, string name, string labels, double value) =>
            text.Append(name).Append(labels.Length == 0 ? "" : $"{{{labels}}}").Append(CultureInfo.InvariantCulture, $" {value:R}\n");
    }

    private sealed class Sum(string kind) : Series(kind)
    {
        private double _value;

        public override double? Present => Volatile.Read(ref _value);

        public override void Record(double value)
        {
            lock (this)
                _value += value;
        }

        public override void Write(StringBuilder text, string name, string labels) => Line(text, name, labels, Volatile.Read(ref _value));
    }

    private sealed class Last(string kind) : Series(kind)
    {
        private double _value;

        public override double? Present => Volatile.Read(ref _value);

        public override void Record(double value) => Volatile.Write(ref _value, value);

        public override void Write(StringBuilder text, string name, string labels) => Line(text, name, labels, Volatile.Read(ref _value));
    }

    private sealed class Distribution() : Series("histogram")
    {
        private readonly long[] _counts = new long[BucketBounds.Length + 1];
        private double _sum;

        public override void Record(double value)
        {
            var index = Array.FindIndex(BucketBounds, bound => value <= bound);
            lock (this)
            {
                _counts[index < 0 ? BucketBounds.Length : index]++;
                _sum += value;
            }
        }

        public override void Write(StringBuilder text, string name, string labels)
        {
            lock (this)
            {
                var below = 0L;
                var prefix = labels.Length == 0 ? "" : labels + ",";
                for (var i = 0; i < BucketBounds.Length; i++)
                {
                    below += _counts[i];
                    Line(text, name + "_bucket", prefix + $"le=\"{BucketBounds[i].ToString(CultureInfo.InvariantCulture)}\"", below);
                }

                Line(text, name + "_bucket", prefix + "le=\"+Inf\"", below + _counts[^1]);
                Line(text, name + "_sum", labels, _sum);
                Line(text, name + "_count", labels, below + _counts[^1]);
            }
        }
    }
}
