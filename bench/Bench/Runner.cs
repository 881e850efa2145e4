using System.Diagnostics;
using System.Globalization;

namespace Sotto.Bench;

/// <summary>Runs benches one after the other and writes what they found.</summary>
internal static class Runner
{
    /// <returns>False when messages were lost, doubled or misdirected; which is said.</returns>
    public static async Task<bool> RunAsync(IReadOnlyList<IBench> benches, BenchOptions options, string? jsonFile, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        // A file that cannot be written is better known of before anything was measured.
        if (jsonFile is not null)
            await File.WriteAllTextAsync(jsonFile, "{}\n", cancellation);
        var reports = new List<(string Bench, Report Report)>();
        try
        {
            foreach (var bench in benches)
            {
                var context = new BenchContext(options, bench.Name, Say);
                reports.Add((bench.Name, context.Report));
                context.Say(bench.Description);
                await MeasureAsync(bench, context, cancellation);
                await WriteAsync();
            }
        }
        finally
        {
            ReportWriter.WriteTable(reports, Console.Out);
            await WriteAsync();
        }

        var broken = reports.SelectMany(report => report.Report.Broken, (report, figure) => (report.Bench, figure)).ToList();
        foreach (var (bench, figure) in broken)
            Say($"{bench}: {figure.Key} is {figure.Value:0}, and must be 0");
        return broken.Count == 0;

        async Task WriteAsync()
        {
            if (jsonFile is not null)
                await File.WriteAllTextAsync(jsonFile, ReportWriter.Json(reports) + "\n", CancellationToken.None);
        }

        void Say(string line) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{clock.Elapsed.TotalSeconds,5:0.0} s] {line}"));
    }

    // What was measured before a bench failed is worth having; that it failed must stand beside it.
    private static async Task MeasureAsync(IBench bench, BenchContext context, CancellationToken cancellation)
    {
        try
        {
            await bench.RunAsync(context, cancellation);
        }
        catch (Exception e)
        {
            context.Report.Note($"It ended early: {e.Message}");
            throw;
        }
    }
}
