using System.Diagnostics;
using Npgsql;
using Sotto.Bench.Measuring;
using Sotto.Bench.Running;
using Sotto.Dev.Running;

namespace Sotto.Bench.Subscribe;

/// <summary>How many phones can subscribe in a second.</summary>
internal sealed class SubscribeBench : IBench
{
    // Requests under way at one time: enough to keep two cores busy, few enough that a p99 means something.
    private const int Connections = 64;
    private const int ArrayItems = 100;
    private const int RowsMany = 1_000_000;
    private const int WarmUpRequests = 3_000;

    // Prepared requests, for each second: well above what is hoped for. When they are used up, the measurement ends early.
    private const int SinglesPerSecond = 5_000;
    private const int ArraysPerSecond = 100;

    // What a server that has been in use for a while is asked most often.
    private const string Headline = "plain_single_on_1000000";

    private static readonly TimeSpan OutboxPatience = TimeSpan.FromMinutes(2);

    private int _phones;

    public string Name => "subscribe";

    public string Description => "subscriptions a second through HTTP, plain and by onion request, one and a hundred in a request, on an empty table and on 1,000,000 rows";

    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var report = context.Report;
        await using var system = await context.StartSystemAsync(context.PlanOf(ServiceCatalogue.Api, ServiceCatalogue.Apns, ServiceCatalogue.Encryptor), cancellation);
        await using var database = NpgsqlDataSource.Create(system.ConnectionString);
        context.Say("warming up ...");
        await RunAsync(system, Prepare(system, isOnion: false, WarmUpRequests, 1), context.Options.Seconds, cancellation);
        await RunAsync(system, Prepare(system, isOnion: true, WarmUpRequests, 1), context.Options.Seconds, cancellation);

        await MeasureAllAsync(context, report, system, database, "empty", cancellation);
        await ApiTable.FillAsync(system.ConnectionString, RowsMany, context.Say, cancellation);
        await MeasureAllAsync(context, report, system, database, "1000000", cancellation);

        report.Note($"{Connections} connections, each with one request under way; requests were signed and sealed before the clock started, the client sends bytes and counts what was added. It, the API, the ApnsSender that validates each device token, the Encryptor that hears of each subscription, broker and database share this machine.");
        report.Note("The listener does not run: the simulated network verifies five signatures for each new account, and would be what is measured. The empty table grows while it is measured. The 1,000,000 rows are in the API's table; the Encryptor's holds what this bench has subscribed.");
    }

    private async Task MeasureAllAsync(BenchContext context, Report report, BenchSystem system, NpgsqlDataSource database, string rows, CancellationToken cancellation)
    {
        var seconds = context.Options.Seconds;
        foreach (var isOnion in (bool[])[false, true])
        {
            foreach (var items in (int[])[1, ArrayItems])
            {
                var name = $"{(isOnion ? "onion" : "plain")}_{(items == 1 ? "single" : "array")}_on_{rows}";
                context.Say($"{name}: preparing requests ...");
                var requests = Prepare(system, isOnion, seconds * (items == 1 ? SinglesPerSecond : ArraysPerSecond), items);
                await WaitForOutboxAsync(database, cancellation);
                var before = await ApiTable.CountAsync(database, "subscriptions", cancellation);
                context.Say($"{name} for {seconds} s ...");
                var run = await RunAsync(system, requests, seconds, cancellation);
                var waiting = await ApiTable.CountAsync(database, "outbox", cancellation);
                if (await ApiTable.CountAsync(database, "subscriptions", cancellation) - before is var stored && stored != run.Added)
                    throw new BenchException($"{run.Added} phones were told that they are subscribed, and {stored} are.");

                report.Add($"subscribes_per_second_{name}", run.Added / run.Seconds);
                if (name == Headline)
                    report.Add("subscribes_per_second", run.Added / run.Seconds);
                report.Add($"refused_{name}", (run.Requests * items) - run.Added);
                report.Add($"p50_ms_{name}", run.Latency.At(0.5));
                report.Add($"p99_ms_{name}", run.Latency.At(0.99));
                report.Add($"outbox_waiting_after_{name}", waiting);
                foreach (var (process, microseconds) in run.Cpu.Microseconds.Where(process => process.Value > 0 && !process.Key.StartsWith("fake", StringComparison.Ordinal)))
                    report.Add($"{process}_cpu_us_per_subscription_{name}", microseconds / (double)run.Added);
            }
        }
    }

    private PreparedRequests Prepare(BenchSystem system, bool isOnion, int count, int items)
    {
        var first = _phones;
        _phones += count * items;
        return PreparedRequests.Make(system.State.Api!, isOnion ? Convert.FromHexString(system.State.OnionPublicKey!) : null, first, count, items);
    }

    private static async Task<Run> RunAsync(BenchSystem system, PreparedRequests requests, int seconds, CancellationToken cancellation)
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => RawHttpConnection.OpenAsync(system.State.Api!, cancellation)));
        var cpu = new CpuMeter(system.Processes(), own: "client");
        var next = -1;
        var clock = Stopwatch.StartNew();
        var runs = await Task.WhenAll(connections.Select(connection => Task.Run(() => AskAsync(connection), cancellation)));
        clock.Stop();
        var use = cpu.Read();
        foreach (var connection in connections)
            connection.Dispose();
        return new Run(runs.Sum(run => run.Added), runs.Sum(run => run.Milliseconds.Count), clock.Elapsed.TotalSeconds, new Quantiles(runs.SelectMany(run => run.Milliseconds)), use);

        async Task<(int Added, List<double> Milliseconds)> AskAsync(RawHttpConnection connection)
        {
            var (added, milliseconds) = (0, new List<double>());
            while (clock.Elapsed.TotalSeconds < seconds && Interlocked.Increment(ref next) is var number && number < requests.Count)
            {
                var begun = Stopwatch.GetTimestamp();
                var answer = await connection.SendAsync(requests[number], cancellation);
                milliseconds.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                added += requests.Added(number, answer.Span);
            }

            return (added, milliseconds);
        }
    }

    private static async Task WaitForOutboxAsync(NpgsqlDataSource database, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        while (await ApiTable.CountAsync(database, "outbox", cancellation) is > 0 and var waiting)
        {
            if (Stopwatch.GetElapsedTime(since) > OutboxPatience)
                throw new BenchException($"{waiting} changes still wait in the outbox after {OutboxPatience.TotalSeconds:0} s.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
        }
    }

    private sealed record Run(int Added, int Requests, double Seconds, Quantiles Latency, CpuUse Cpu);
}
