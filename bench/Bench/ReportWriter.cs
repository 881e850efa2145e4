using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sotto.Bench;

/// <summary>Writes reports: a table for people, JSON for programs.</summary>
internal static class ReportWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>One table of all figures, then all notes.</summary>
    public static void WriteTable(IReadOnlyList<(string Bench, Report Report)> reports, TextWriter writer)
    {
        string[] head = ["bench", "figure", "value", "of the limit"];
        List<string[]> rows = [head, .. reports.SelectMany(report => report.Report.Figures.Select(figure => Row(report.Bench, figure)))];
        var widths = Enumerable.Range(0, head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            writer.WriteLine($"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadLeft(widths[2])}  {row[3]}".TrimEnd());

        foreach (var (bench, report) in reports)
        {
            foreach (var note in report.Notes)
                writer.WriteLine($"{bench}: {note}");
        }
    }

    /// <summary><c>{name: {"figures": {key: number}, "notes": [...]}}</c></summary>
    public static string Json(IEnumerable<(string Bench, Report Report)> reports)
    {
        var all = new JsonObject();
        foreach (var (bench, report) in reports)
        {
            var figures = new JsonObject();
            foreach (var figure in report.Figures)
            {
                figures[figure.Key] = Rounded(figure.Value);
                if (figure.OfLimit is { } ratio)
                    figures[$"{figure.Key}_of_{figure.Limit}"] = Rounded(ratio);
            }

            all[bench] = new JsonObject { ["figures"] = figures, ["notes"] = new JsonArray([.. report.Notes.Select(note => (JsonNode)note)]) };
        }

        return all.ToJsonString(Indented);
    }

    private static string[] Row(string bench, Figure figure) =>
    [
        bench, figure.Key, Text(figure.Value),
        figure.OfLimit is { } ratio ? string.Create(CultureInfo.InvariantCulture, $"{ratio:0.000} of {Text(figure.LimitValue!.Value)} ({figure.Limit})") : "",
    ];

    // Three or four significant digits are more than a shared machine repeats.
    private static string Text(double value) => Rounded(value).ToString(Math.Abs(value) >= 100 ? "#,0" : "0.###", CultureInfo.InvariantCulture);

    private static double Rounded(double value) => Math.Round(value, Math.Abs(value) >= 100 ? 1 : 4);
}
