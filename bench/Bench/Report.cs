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
    /// <exception cref="BenchException">It is none: nothing was measured.</exception>
    public void Add(string key, double value) => Add(new Figure(key, value, null, null));

    /// <summary>Adds a number and the limit that was measured in the same run; their ratio becomes a figure of its own, <c>KEY_of_LIMIT</c>.</summary>
    /// <param name="key">The number's name.</param>
    /// <param name="value">The number.</param>
    /// <param name="limit">What the limit is called, such as <c>broker_limit</c>.</param>
    /// <param name="limitValue">The limit, in the same unit.</param>
    public void Add(string key, double value, string limit, double limitValue) => Add(new Figure(key, value, limit, limitValue));

    /// <summary>Adds the processor time of each process for one push, as <c>PROCESS_cpu_us_per_push</c>.</summary>
    public void Add(CpuUse use, double pushes, string suffix = "")
    {
        foreach (var (name, microseconds) in use.Microseconds)
            Add($"{name}_cpu_us_per_push{suffix}", microseconds / pushes);
        Add($"all_cpu_us_per_push{suffix}", use.Microseconds.Values.Sum() / pushes);
    }

    /// <summary>What must not be: a message that was lost, rang twice, or rang at another phone. It is told of by figures whose names say so; nothing disturbs a bench that would excuse it.</summary>
    public IEnumerable<Figure> Broken => _figures.Where(figure => figure.Value != 0 && figure.Key.Split('_').Any(word => word is "lost" or "duplicated" or "misdirected"));

    /// <summary>Adds a sentence.</summary>
    public void Note(string sentence) => _notes.Add(sentence);

    private void Add(Figure figure) =>
        _figures.Add(double.IsFinite(figure.Value) ? figure : throw new BenchException($"There is no figure for {figure.Key}: nothing was measured."));
}

/// <summary>A number, perhaps beside the limit that it is held against.</summary>
internal sealed record Figure(string Key, double Value, string? Limit, double? LimitValue)
{
    /// <summary>Null without a limit.</summary>
    public double? OfLimit => LimitValue is > 0 ? Value / LimitValue : null;
}
