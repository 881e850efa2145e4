using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Sotto.Hosting.Telemetry;

namespace Hosting.Tests.Telemetry;

public sealed partial class PrometheusTextTests
{
    [Test]
    public void A_counter_adds_up_for_each_of_its_labels()
    {
        using var text = new PrometheusText();
        var name = Name();
        var counter = Metrics.Meter.CreateCounter<long>(name);
        counter.Add(2, new KeyValuePair<string, object?>("provider", "apns"));
        counter.Add(3, new KeyValuePair<string, object?>("provider", "apns"));
        counter.Add(1, new KeyValuePair<string, object?>("provider", "firebase"));

        Assert.That(Lines(text, name), Is.EqualTo([$"# TYPE {name} counter", $"{name}{{provider=\"apns\"}} 5", $"{name}{{provider=\"firebase\"}} 1"]));
    }

    [Test]
    public void A_gauge_shows_what_is_true_when_it_is_asked()
    {
        using var text = new PrometheusText();
        var (name, up) = (Name(), Name());
        var value = 7;
        Metrics.Meter.CreateObservableGauge(name, () => value);
        var upDown = Metrics.Meter.CreateUpDownCounter<long>(up);
        upDown.Add(5);
        upDown.Add(-7);

        text.Write();
        value = 9;
        Assert.Multiple(() =>
        {
            Assert.That(Lines(text, name), Is.EqualTo([$"# TYPE {name} gauge", $"{name} 9"]));
            Assert.That(Lines(text, up), Is.EqualTo([$"# TYPE {up} gauge", $"{up} -2"]));
        });
    }

    [Test]
    public void A_histograms_buckets_hold_all_that_is_below_them()
    {
        using var text = new PrometheusText();
        var name = Name();
        var histogram = Metrics.Meter.CreateHistogram<double>(name);
        foreach (var value in (double[])[0.1, 3, 3.5, 1e9])
            histogram.Record(value);

        var lines = Lines(text, name);
        Assert.Multiple(() =>
        {
            Assert.That(lines[0], Is.EqualTo($"# TYPE {name} histogram"));
            Assert.That(lines, Does.Contain($"{name}_bucket{{le=\"0.5\"}} 1"));
            Assert.That(lines, Does.Contain($"{name}_bucket{{le=\"2\"}} 1"));
            Assert.That(lines, Does.Contain($"{name}_bucket{{le=\"4\"}} 3"));
            Assert.That(lines, Does.Contain($"{name}_bucket{{le=\"30000\"}} 3"));
            Assert.That(lines, Does.Contain($"{name}_bucket{{le=\"+Inf\"}} 4"));
            Assert.That(lines, Does.Contain($"{name}_count 4"));
            Assert.That(lines, Does.Contain($"{name}_sum {(0.1 + 3 + 3.5 + 1e9).ToString("R", CultureInfo.InvariantCulture)}"));
        });
    }

    [Test]
    public void A_labels_value_cannot_break_the_text()
    {
        using var text = new PrometheusText();
        var name = Name();
        Metrics.Meter.CreateCounter<long>(name).Add(1, new KeyValuePair<string, object?>("queue", "a\"b\\c\nd"));

        Assert.That(Lines(text, name)[1], Is.EqualTo($"{name}{{queue=\"a\\\"b\\\\c d\"}} 1"));
    }

    [Test]
    public void Labels_without_end_do_not_fill_the_memory()
    {
        using var text = new PrometheusText();
        var name = Name();
        var counter = Metrics.Meter.CreateCounter<long>(name);
        for (var i = 0; i < PrometheusText.SeriesMax + 100; i++)
            counter.Add(1, new KeyValuePair<string, object?>("queue", i));

        Assert.That(Lines(text, name), Has.Count.LessThanOrEqualTo(PrometheusText.SeriesMax + 1));
    }

    [Test]
    public void Other_peoples_meters_are_left_out()
    {
        using var text = new PrometheusText();
        using var meter = new Meter("Somebody else");
        var name = Name();
        meter.CreateCounter<long>(name).Add(1);

        Assert.That(Lines(text, name), Is.Empty);
    }

    [Test]
    public void Counting_from_many_threads_loses_nothing_and_every_line_is_well_formed()
    {
        using var text = new PrometheusText();
        var name = Name();
        var counter = Metrics.Meter.CreateCounter<long>(name);
        var histogram = Metrics.Meter.CreateHistogram<double>(name + "_ms");
        Parallel.For(0, 4, _ =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                counter.Add(1);
                histogram.Record(i);
            }
        });

        Assert.Multiple(() =>
        {
            Assert.That(Lines(text, name), Does.Contain($"{name} 40000"));
            Assert.That(Lines(text, name), Does.Contain($"{name}_ms_count 40000"));
            Assert.That(text.Write().Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.All.Matches(SampleOrType()));
        });
    }

    private static string Name() => $"sotto_test_{Guid.NewGuid():N}";

    private static List<string> Lines(PrometheusText text, string name) =>
        [.. text.Write().Split('\n').Where(line => line.Contains(name, StringComparison.Ordinal))];

    [GeneratedRegex("""^(# TYPE [a-z_0-9]+ (counter|gauge|histogram)|[a-z_0-9]+(\{([a-zA-Z_]+="([^"\\]|\\.)*",?)+\})? [-+0-9.E]+)$""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SampleOrType();
}
