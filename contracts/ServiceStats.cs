namespace Sotto.Contracts;

/// <summary>Event: what one running instance of a service has counted since it started. Said by every service, every few seconds.</summary>
/// <remarks>
/// Counters are totals, not differences: a report that is lost or repeated changes nothing, since the next one says it all again. Series are named as at the instance's own
/// <c>/metrics</c>, and hold no more than that: names of providers, queues and outcomes.
/// </remarks>
public sealed record ServiceStats
{
    /// <summary>Most series in one report.</summary>
    public const int SeriesMax = 500;

    /// <summary>Most facts in one report.</summary>
    public const int FactsMax = 16;

    /// <summary>Longest fact, in characters.</summary>
    public const int FactLengthMax = 256;

    /// <summary>The service, such as <c>ApnsSender</c>.</summary>
    public required string Service { get; init; }

    /// <summary>Names this run of this instance. Random.</summary>
    public required Guid Instance { get; init; }

    /// <summary>Grows with each report of an instance; compare, never count.</summary>
    public required long Sequence { get; init; }

    /// <summary>When the instance started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>What only grows while the instance runs, by series, such as <c>sotto_push_ends{provider="apns",end="accepted"}</c>.</summary>
    public required IReadOnlyDictionary<string, double> Counters { get; init; }

    /// <summary>What goes up and down, by series.</summary>
    public required IReadOnlyDictionary<string, double> Gauges { get; init; }

    /// <summary>What is no number, such as <c>block_hash</c>: at most <see cref="FactsMax"/> of at most <see cref="FactLengthMax"/> characters. An instance of an older release has none.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
