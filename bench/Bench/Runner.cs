using System.Diagnostics;
using System.Globalization;

namespace Sotto.Bench;

/// <summary>Runs benches one after the other and writes what they found.</summary>
internal static class Runner
{
    /// <returns>False when messages were lost or misdirected; which is said.</returns>
    public static async Task<bool> RunAsync(IReadOnlyList<IBench> benches, BenchOptions options, string? jsonFile, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var reports = new List<(string Bench, Report Report)>();
        try
        {
            foreach (var bench in benches)
            {
                Say($"{bench.Name}: {bench.Description}");
                reports.Add((bench.Name, await bench.RunAsync(new BenchContext(options, bench.Name, Say), cancellation)));
                if (jsonFile is not null)
                    await File.WriteAllTextAsync(jsonFile, ReportWriter.Json(reports) + "\n", cancellation);
            }
        }
        // A later bench that fails must not take the figures of the earlier ones with it.
        finally
        {
            if (reports.Count > 0)
                ReportWriter.WriteTable(reports, Console.Out);
        }

        var broken = reports.SelectMany(report => report.Report.Broken, (report, figure) => (report.Bench, figure)).ToList();
        foreach (var (bench, figure) in broken)
            Say($"{bench}: {figure.Key} is {figure.Value:0}, and must be 0");
        return broken.Count == 0;

        void Say(string line) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{clock.Elapsed.TotalSeconds,5:0.0} s] {line}"));
    }
}
