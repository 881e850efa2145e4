using System.Diagnostics;
using System.Globalization;

namespace Sotto.Bench;

/// <summary>Runs benches one after the other and writes what they found.</summary>
internal static class Runner
{
    public static async Task RunAsync(IReadOnlyList<IBench> benches, BenchOptions options, string? jsonFile, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var reports = new List<(string Bench, Report Report)>();
        foreach (var bench in benches)
        {
            reports.Add((bench.Name, await bench.RunAsync(new BenchContext(options, bench.Name, Say), cancellation)));
            // A later bench that fails must not take the figures of the earlier ones with it.
            if (jsonFile is not null)
                await File.WriteAllTextAsync(jsonFile, ReportWriter.Json(reports) + "\n", cancellation);
        }

        ReportWriter.WriteTable(reports, Console.Out);

        void Say(string line) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{clock.Elapsed.TotalSeconds,5:0.0} s] {line}"));
    }
}
