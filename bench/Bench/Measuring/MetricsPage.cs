using System.Globalization;

namespace Sotto.Bench.Measuring;

/// <summary>What a service says of itself at <c>/metrics</c>, by series: name, then labels as they are written.</summary>
internal sealed class MetricsPage
{
#pragma warning disable RS0030 // One client for a few pages of this machine's own services; its default limits do.
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };
#pragma warning restore RS0030

    private readonly List<(string Series, double Value)> _series = [];

    /// <summary>Reads the pages of several instances; what they count is added up.</summary>
    public static async Task<MetricsPage> ReadAsync(IEnumerable<Uri> admins, CancellationToken cancellation)
    {
        var page = new MetricsPage();
        foreach (var admin in admins)
        {
            foreach (var line in (await Http.GetStringAsync(new Uri(admin, "/metrics"), cancellation)).Split('\n'))
            {
                var space = line.LastIndexOf(' ');
                if (space > 0 && line[0] != '#' && double.TryParse(line.AsSpan(space + 1), CultureInfo.InvariantCulture, out var value))
                    page._series.Add((line[..space], value));
            }
        }

        return page;
    }

    /// <summary>The sum of all series of this name, whatever their labels; 0 when there is none.</summary>
    /// <param name="name">Such as <c>sotto_listener_dropped</c>.</param>
    /// <param name="label">Only those that hold this text, such as <c>outcome="taken"</c>.</param>
    public double Sum(string name, string label = "") => _series
        .Where(series => IsOf(series.Series, name) && series.Series.Contains(label, StringComparison.Ordinal))
        .Sum(series => series.Value);

    // Counters may carry the suffix that the text format asks for.
    private static bool IsOf(string series, string name)
    {
        var brace = series.IndexOf('{', StringComparison.Ordinal);
        var own = brace < 0 ? series : series[..brace];
        return own == name || own == $"{name}_total";
    }
}
