using System.Globalization;

namespace Sotto.Cli.Load;

/// <summary>What came of one phase of a load. Thread-safe while it is counted.</summary>
/// <param name="name">The phase.</param>
/// <param name="clock">Times it.</param>
/// <param name="wanted">What should come of its items: whoever renews what the server has forgotten is added, and that is a loss.</param>
internal sealed class PhaseReport(string name, TimeProvider clock, params string[] wanted)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _outcomes = new(StringComparer.Ordinal);
    private readonly long _begunAt = clock.GetTimestamp();
    private double _seconds;

    public string Name => name;

    /// <summary>From when it was due to its answer.</summary>
    public Latencies Latencies { get; } = new();

    /// <summary>From when it was due until it was sent: the share of this program and its machine in the latencies.</summary>
    public Latencies Lateness { get; } = new();

    /// <summary>Items by what the server made of them.</summary>
    public IReadOnlyDictionary<string, long> Outcomes
    {
        get
        {
            lock (_gate)
                return new SortedDictionary<string, long>(_outcomes, StringComparer.Ordinal);
        }
    }

    /// <summary>How long it took, in seconds; until it is over, how long it has taken so far.</summary>
    public double Seconds => _seconds > 0 ? _seconds : clock.GetElapsedTime(_begunAt).TotalSeconds;

    public long Total => Outcomes.Values.Sum();

    /// <summary>Items that did not come out as they should.</summary>
    public long Failed => Outcomes.Where(outcome => !wanted.Contains(outcome.Key, StringComparer.Ordinal)).Sum(outcome => outcome.Value);

    public void Count(string outcome, long items = 1)
    {
        lock (_gate)
            _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + items;
    }

    public PhaseReport Over()
    {
        _seconds = clock.GetElapsedTime(_begunAt).TotalSeconds;
        return this;
    }

    /// <summary>For a program.</summary>
    public object Document() => new
    {
        seconds = Math.Round(Seconds, 2),
        perSecond = Math.Round((Total - Failed) / Seconds, 1),
        outcomes = Outcomes,
        failed = Failed,
        p50Ms = Milliseconds(Latencies.Percentile(0.5)),
        p95Ms = Milliseconds(Latencies.Percentile(0.95)),
        p99Ms = Milliseconds(Latencies.Percentile(0.99)),
        maxMs = Milliseconds(Latencies.Max),
        sentLateP99Ms = Milliseconds(Lateness.Percentile(0.99)),
    };

    /// <summary>For a person, in one line.</summary>
    public string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-12} {string.Join(", ", Outcomes.Select(outcome => $"{outcome.Value} {outcome.Key}"))} in {Seconds:0.0} s, {(Total - Failed) / Seconds:0.0}/s; {Percentiles()}");

    /// <summary>The latencies in a few words.</summary>
    public string Percentiles() => string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {Latencies.Percentile(0.5).TotalMilliseconds:0.0}, p95 {Latencies.Percentile(0.95).TotalMilliseconds:0.0}, p99 {Latencies.Percentile(0.99).TotalMilliseconds:0.0}, max {Latencies.Max.TotalMilliseconds:0.0} ms (sent late p99 {Lateness.Percentile(0.99).TotalMilliseconds:0.0})");

    private static double Milliseconds(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 3);
}

/// <summary>What can become of an item.</summary>
internal static class LoadOutcome
{
    public const string Added = "added";
    public const string Renewed = "renewed";
    public const string Removed = "removed";
    public const string NotSubscribed = "not subscribed";
    public const string Arrived = "arrived";
    public const string Lost = "lost";
    public const string Duplicate = "duplicate";
    public const string NotStored = "not stored";
    public const string NoAnswer = "no answer";
}
