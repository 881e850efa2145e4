using NUnit.Framework;
using Sotto.Dev.Chaos;
using Sotto.Dev.Running;

namespace EndToEnd.Tests;

/// <summary>The promise, while everything is being broken. <c>./dev chaos</c> does the same at length.</summary>
[NonParallelizable]
public sealed class ChaosTests
{
    [Test]
    public async Task Nothing_accepted_is_lost_while_a_dozen_things_break()
    {
        var report = await RunAsync(seed: 5, pushes: 2_000, faults: 12);

        Assert.That(report.IsGood, Is.True, Text(report));
        Assert.That(report.Verdict.Delivered, Is.GreaterThan(300));
    }

    [Test]
    public async Task A_stop_in_good_order_under_load_loses_nothing_and_duplicates_nothing()
    {
        var services = FaultPlan.Instances.Count;

        var report = await RunAsync(seed: 3, pushes: 2_000, faults: services, FaultKind.Terminate);

        Assert.That(report.IsGood, Is.True, Text(report));
        Assert.That(report.Verdict.Duplicated, Is.Zero, Text(report));
        Assert.That(report.Ends.Where(end => !end.IsInGoodOrder), Is.Empty);
        Assert.That(report.Done.Select(done => done.Fault.Target).Distinct(), Is.EquivalentTo(FaultPlan.Instances));
    }

    [Test]
    public void A_seed_always_means_the_same_plan()
    {
        var plan = FaultPlan.Make(42, 100, []);

        Assert.That(FaultPlan.Make(42, 100, []), Is.EqualTo(plan));
        Assert.That(FaultPlan.Make(43, 100, []), Is.Not.EqualTo(plan));
    }

    [Test]
    public void Every_kind_of_fault_is_in_some_plan()
    {
        var kinds = Enumerable.Range(0, 20).SelectMany(seed => FaultPlan.Make(seed, 100, [])).Select(fault => fault.Kind).Distinct();

        Assert.That(kinds, Is.EquivalentTo(Enum.GetValues<FaultKind>()));
    }

    [Test]
    public void Every_crash_point_of_the_page_is_used_at_a_service()
    {
        var page = File.ReadAllText(Path.Combine(Sotto.Dev.Workspace.Root, "docs", "operating", "chaos.md"));

        Assert.That(FaultPlan.CrashPoints.Keys, Is.SubsetOf(ServiceCatalogue.All));
        Assert.That(FaultPlan.CrashPoints.Values.SelectMany(places => places).Where(place => !page.Contains($"`{place}`", StringComparison.Ordinal)), Is.Empty);
    }

    private static async Task<ChaosReport> RunAsync(int seed, int pushes, int faults, params FaultKind[] only)
    {
        var folder = Directory.CreateTempSubdirectory("sotto-chaos-").FullName;
        var options = new ChaosOptions { Seed = seed, Pushes = pushes, Faults = faults, TimeMax = TimeSpan.FromMinutes(4), Scan = true, Only = only, Folder = folder };
        var report = await new ChaosRun(options, TestContext.Progress.WriteLine).RunAsync(CancellationToken.None);
        // Logs stay where something is to be found in them.
        if (report.IsGood)
            Directory.Delete(folder, recursive: true);
        return report;
    }

    private static string Text(ChaosReport report)
    {
        using var text = new StringWriter();
        report.Write(text);
        return text.ToString();
    }
}
