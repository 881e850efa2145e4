using System.Diagnostics;
using Sotto.Dev.Testing;

namespace Sotto.Dev.Mutants;

/// <summary>What came of one mutant.</summary>
/// <param name="Mutant">Which.</param>
/// <param name="CaughtBy">The first test that failed; null when it survived or could not be made.</param>
/// <param name="Trouble">Why it could not be made, or its test could not be run; null when they could.</param>
/// <param name="Took">How long that took.</param>
internal sealed record MutantFate(Mutant Mutant, string? CaughtBy, string? Trouble, TimeSpan Took)
{
    /// <summary>In a word.</summary>
    public string Word => Trouble is not null ? "UNDECIDED" : CaughtBy is null ? "SURVIVED" : "caught";
}

/// <summary>Makes each mutant in a copy of its test's folder and runs that test there.</summary>
internal sealed class MutantHunt(string folder)
{
    // A test that takes longer, with a bug in it or without, notices nothing.
    private static readonly TimeSpan TestMax = TimeSpan.FromMinutes(3);

    private readonly Dictionary<string, string?> _failuresAnyway = new(StringComparer.Ordinal);
    private readonly MutantCompiler _compiler = new(Path.Combine(folder, "compiled"));

    public async Task<MutantFate> HuntAsync(Mutant mutant, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        if (mutant.Occurrences != 1)
            return new MutantFate(mutant, null, $"its text stands {mutant.Occurrences} times in {mutant.File}", watch.Elapsed);
        var (assembly, output) = await _compiler.CompileAsync(mutant, cancellation);
        if (assembly is null)
            return new MutantFate(mutant, null, $"it does not compile: {output.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal))}", watch.Elapsed);

        var tests = CopyOfTests(mutant.TestProject);
        var place = Path.Combine(tests, Path.GetFileName(assembly));
        if (!File.Exists(place))
            return new MutantFate(mutant, null, $"{mutant.TestProject} does not use {Path.GetFileName(assembly)}", watch.Elapsed);
        var original = place + ".original";
        File.Move(place, original);
        try
        {
            File.Copy(assembly, place);
            var (caughtBy, trouble) = await FailureAsync(mutant, tests, cancellation);
            if (caughtBy is null)
                return new MutantFate(mutant, null, trouble, watch.Elapsed);
            File.Move(original, place, overwrite: true);
            var anyway = await FailureAnywayAsync(mutant, tests, cancellation);
            return anyway is null ? new MutantFate(mutant, caughtBy, null, watch.Elapsed) : new MutantFate(mutant, null, $"its test fails without it too: {anyway}", watch.Elapsed);
        }
        finally
        {
            if (File.Exists(original))
                File.Move(original, place, overwrite: true);
        }
    }

    // A test that fails with no bug planted notices nothing. One look at each is enough.
    private async Task<string?> FailureAnywayAsync(Mutant mutant, string tests, CancellationToken cancellation)
    {
        if (_failuresAnyway.TryGetValue(mutant.Test, out var known))
            return known;
        var (failure, trouble) = await FailureAsync(mutant, tests, cancellation);
        return _failuresAnyway[mutant.Test] = failure ?? trouble;
    }

    private static async Task<(string? CaughtBy, string? Trouble)> FailureAsync(Mutant mutant, string tests, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TestMax);
        try
        {
            var project = new TestProject(mutant.TestProject, UsesServers: false, HasVectors: false) { Assembly = Path.Combine(tests, $"{mutant.TestProject}.dll") };
            var outcome = await TestRun.RunAsync(project, mutant.Filter, patience.Token);
            var failure = outcome.Failures.Count == 0 ? null : outcome.Failures[0].Split('\n')[0];
            // A crash, or no test of that name, is no catch.
            return outcome.IsWhole ? (failure, null) : (null, failure);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, $"its test did not end within {TestMax.TotalMinutes:0} minutes");
        }
    }

    private string CopyOfTests(string project)
    {
        var from = Path.GetDirectoryName(Workspace.Program(project))!;
        var to = Path.Combine(folder, "tests", project);
        if (Directory.Exists(to))
            return to;
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return to;
    }
}
