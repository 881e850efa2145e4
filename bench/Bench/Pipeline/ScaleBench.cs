using System.Globalization;
using Sotto.Dev.Running;

namespace Sotto.Bench.Pipeline;

/// <summary>
/// The pipeline with more instances of each stage. Two cores cannot show more speed; they can show that nothing serialises and that an instance more costs no processor time for each push.
/// </summary>
internal sealed class ScaleBench : IBench
{
    private const int Bytes = 300;
    private const int Subscriptions = 10_000;

    // Each runtime compiles what it uses while it uses it, and with four of each there are twelve of them in the pipeline. It is over when a round costs hardly less than the one before, twice.
    private const int WarmUpSeconds = 10;
    private const int WarmUpsMax = 15;
    private const double HardlyLess = 0.95;

    private static readonly int[] Instances = [1, 2, 4];

    public string Name => "scale";

    public string Description => "the pipeline with 1, 2 and 4 instances of each stage: processor time for each push must stay flat";

    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var report = context.Report;
        double? alone = null;
        foreach (var instances in Instances)
        {
            var plan = context.PlanOf();
            plan = plan with
            {
                Scale = new Dictionary<string, int>(plan.Scale, StringComparer.OrdinalIgnoreCase)
                {
                    [ServiceCatalogue.Listener] = instances,
                    [ServiceCatalogue.Encryptor] = instances,
                    [ServiceCatalogue.Apns] = instances,
                }
            };
            await using var system = await LoadedSystem.StartAsync(context, plan, cancellation);
            await system.SubscribeAsync(context.Options.Subscriptions ?? Subscriptions, cancellation);
            var isWarm = await WarmUpAsync(system, cancellation);
            var measured = await system.SaturateAsync(Bytes, context.Options.Seconds, cancellation);

            var suffix = string.Create(CultureInfo.InvariantCulture, $"_with_{instances}_of_each");
            var cost = CostOf(measured);
            alone ??= cost;
            report.Add($"pushes_per_second{suffix}", measured.PerSecond);
            report.Add(measured.Cpu, measured.Taken, suffix);
            report.Add($"cpu_per_push_to_1_of_each_ratio{suffix}", cost / alone.Value);
            report.Add($"lost{suffix}", measured.Verdict.Lost);
            report.Add($"duplicated{suffix}", measured.Verdict.Duplicated);
            report.Add($"misdirected{suffix}", measured.Verdict.Misdirected);
            if (!isWarm)
                report.Note($"With {instances} of each it still became cheaper after {WarmUpsMax} rounds of {WarmUpSeconds} s: it costs less than this in the long run.");
        }

        report.Note($"One system after the other, each loaded so that {LoadedSystem.OutstandingPerListener:N0} messages for each listener are always on their way. Processor time counts every process: services, broker, database, simulators.");
    }

    private static async Task<bool> WarmUpAsync(LoadedSystem system, CancellationToken cancellation)
    {
        var (settled, last) = (0, double.PositiveInfinity);
        for (var round = 0; round < WarmUpsMax && settled < 2; round++)
        {
            var cost = CostOf(await system.SaturateAsync(Bytes, WarmUpSeconds, cancellation));
            settled = cost > HardlyLess * last ? settled + 1 : 0;
            last = cost;
        }

        return settled == 2;
    }

    // Microseconds of all processes for each push.
    private static double CostOf(Measured measured) => measured.Cpu.Microseconds.Values.Sum() / (double)Math.Max(1, measured.Taken);
}
