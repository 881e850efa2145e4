namespace Sotto.Bench;

/// <summary>What a bench found: numbers by name, and what one has to know to read them.</summary>
/// <remarks>A name ends in or holds its unit (<c>p99_ms_at_1000</c>, <c>pushes_per_second</c>, <c>bytes_per_subscription</c>); names are lower-case with underscores.</remarks>
internal sealed class Report
{
    private readonly List<Figure> _figures = [];
    private readonly List<string> _notes = [];

    /// <summary>In the order in which they were added.</summary>
    public IReadOnlyList<Figure> Figures => _figures;

    /// <summary>Whole sentences.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Adds a number.</summary>
    public void Add(string key, double value) => _figures.Add(new Figure(key, value, null, null));

    /// <summary>Adds a number and the limit that was measured in the same run; their ratio becomes a figure of its own, <c>KEY_of_LIMIT</c>.</summary>
    /// <param name="key">The number's name.</param>
    /// <param name="value">The number.</param>
    /// <param name="limit">What the limit is called, such as <c>broker_limit</c>.</param>
    /// <param name="limitValue">The limit, in the same unit.</param>
    public void Add(string key, double value, string limit, double limitValue) => _figures.Add(new Figure(key, value, limit, limitValue));

    /// <summary>Adds the processor time of each process for one push, as <c>PROCESS_cpu_us_per_push</c>.</summary>
    public void Add(CpuUse use, double pushes, string suffix = "")
    {
        foreach (var (name, microseconds) in use.Microseconds)
            Add($"{name}_cpu_us_per_push{suffix}", pushes > 0 ? microseconds / pushes : 0);
        Add($"all_cpu_us_per_push{suffix}", pushes > 0 ? use.Microseconds.Values.Sum() / pushes : 0);
    }

    /// <summary>Adds a sentence.</summary>
    public void Note(string sentence) => _notes.Add(sentence);
}

/// <summary>A number, perhaps beside the limit that it is held against.</summary>
internal sealed record Figure(string Key, double Value, string? Limit, double? LimitValue)
{
    /// <summary>Null without a limit.</summary>
    public double? OfLimit => LimitValue is > 0 ? Value / LimitValue : null;
}
