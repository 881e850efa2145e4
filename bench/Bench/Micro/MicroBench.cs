using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Perfolizer.Horology;
using Sotto.Bench.Running;
using Sotto.FakePhone;

namespace Sotto.Bench.Micro;

/// <summary>What the smallest pieces cost, each alone on one thread, measured by BenchmarkDotNet.</summary>
internal sealed class MicroBench : IBench
{
    private static readonly Type[] Suites = [typeof(WireBenchmarks), typeof(NetworkBenchmarks), typeof(CryptoBenchmarks), typeof(SignatureBenchmarks), typeof(OnionBenchmarks), typeof(ContractBenchmarks)];

    public string Name => "micro";

    public string Description => "bencode, onion requests, signatures, seals, swarm mapping, and each contract written and read";

    public Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var report = context.Report;
        foreach (var suite in Suites)
        {
            cancellation.ThrowIfCancellationRequested();
            context.Say($"{suite.Name} ...");
            var measured = BenchmarkRunner.Run(suite, Configure(context.Folder)).Reports;
            if (measured.IsEmpty)
                throw new BenchException($"No benchmark of {suite.Name} ran.");
            foreach (var one in measured)
                Add(report, one);
        }

        report.Note("Microseconds and allocated bytes for one operation on one thread; contracts are written and read in frames of 64 where they travel so, and counted for one item.");
        return Task.CompletedTask;
    }

    // In this process: the package knows no .NET 10 project to generate. It then measures with this process's garbage collector and compiler settings, which are those of the services.
    private static ManualConfig Configure(string folder) => ManualConfig.CreateEmpty()
        .AddJob(Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(7).WithIterationTime(TimeInterval.FromMilliseconds(100)))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddLogger(NullLogger.Instance)
        .WithArtifactsPath(folder)
        .WithOptions(ConfigOptions.DisableLogFile);

    private static void Add(Report report, BenchmarkReport measured)
    {
        var key = KeyOf(measured.BenchmarkCase);
        if (measured.ResultStatistics is not { } statistics)
            throw new BenchException($"The benchmark {key} did not run.");
        var items = measured.BenchmarkCase.Parameters.Items.Select(item => item.Value).OfType<ContractCase>().FirstOrDefault()?.Items ?? 1;
        report.Add($"{key}_us", statistics.Median / TimeInterval.Microsecond.Nanoseconds / items);
        report.Add($"{key}_allocated_bytes", (double)(measured.GcStats.GetBytesAllocatedPerOperation(measured.BenchmarkCase) ?? 0) / items);
    }

    private static string KeyOf(BenchmarkCase measured)
    {
        var parameters = measured.Parameters.Items.Select(item => item.Value switch
        {
            int bytes => string.Create(CultureInfo.InvariantCulture, $"{bytes}_bytes"),
            OnionCipher cipher => cipher.ToString().ToLowerInvariant(),
            var other => BenchSystem.KeyOf($"{other}"),
        });
        return string.Join('_', [BenchSystem.KeyOf(measured.Descriptor.WorkloadMethod.Name), .. parameters]);
    }
}
