namespace SubscriptionApi.Stats;

/// <summary>Takes the name of a series apart: <c>sotto_push_ends{provider="apns",end="accepted"}</c>.</summary>
internal readonly record struct SeriesName(string Metric, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Longest series that is kept; a label of ours is a provider's name or a word.</summary>
    public const int LengthMax = 256;

    private static readonly Dictionary<string, string> NoLabels = [];

    public string? Provider => Labels.GetValueOrDefault("provider");

    public static SeriesName Parse(string series)
    {
        var brace = series.IndexOf('{', StringComparison.Ordinal);
        if (brace < 0)
            return new(series, NoLabels);
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in series[(brace + 1)..].TrimEnd('}').Split(','))
        {
            if (pair.Split('=', 2) is [var name, var value])
                labels[name] = value.Trim('"');
        }

        return new(series[..brace], labels);
    }

    /// <summary>True for a series of this metric whose label has this value.</summary>
    public bool Is(string metric, string label, string value) =>
        string.Equals(Metric, metric, StringComparison.Ordinal) && string.Equals(Labels.GetValueOrDefault(label), value, StringComparison.Ordinal);
}
