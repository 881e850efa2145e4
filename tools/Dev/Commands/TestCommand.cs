using System.CommandLine;
using Sotto.Dev.Testing;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev test</c></summary>
internal static class TestCommand
{
    private const int PatienceMinutesMax = 240;

    public static Command Create()
    {
        var name = new Argument<string?>("name")
        {
            Description = "One project, such as Protocols or Protocols.Tests; 'vectors' for the vector tests alone.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var filter = new Option<string?>("--filter") { Description = "Only tests that fit, in the words of 'dotnet test --filter'." };
        var patience = new Option<int>("--patience")
        {
            Description = $"Minutes after which a test is taken for hanging and ended, 1 to {PatienceMinutesMax}.",
            DefaultValueFactory = _ => TestRun.PatienceMinutes,
        };
        patience.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > PatienceMinutesMax)
                result.AddError($"--patience is a number of minutes from 1 to {PatienceMinutesMax}.");
        });
        var command = new Command("test", "Run every test, with the servers it needs. The last line says N passed, N failed.") { name, filter, patience };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(name), parsed.GetValue(filter), parsed.GetValue(patience), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string? name, string? filter, int patience, CancellationToken cancellation)
    {
        var all = TestProject.FindAll();
        if (string.Equals(name, TestProject.VectorCategory, StringComparison.OrdinalIgnoreCase))
            return await RunAsync(all.Where(project => project.Name == TestProject.VectorProject || project.HasVectors).ToList(), VectorFilter, patience, cancellation);

        if (name is null)
            return await RunAsync(all, _ => filter, patience, cancellation);

        var one = all.FirstOrDefault(project => project.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || project.Name.Equals($"{name}.Tests", StringComparison.OrdinalIgnoreCase))
            ?? throw new DevException($"There are no tests called '{name}'; there are {string.Join(", ", all.Select(project => project.Name))}, and vectors.");
        return await RunAsync([one], _ => filter, patience, cancellation);
    }

    private static string? VectorFilter(TestProject project) => project.Name == TestProject.VectorProject ? null : $"TestCategory={TestProject.VectorCategory}";

    private static async Task<int> RunAsync(IReadOnlyList<TestProject> projects, Func<TestProject, string?> filter, int patience, CancellationToken cancellation)
    {
        var (passed, failed) = await RunAsync(projects, filter, patience, new Progress(), cancellation);
        Console.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    private static async Task<(int Passed, int Failed)> RunAsync(
        IReadOnlyList<TestProject> projects, Func<TestProject, string?> filter, int patience, Progress progress, CancellationToken cancellation)
    {
        await using var servers = new TestServersForAll();
        // They take a few seconds, in which the projects that need none are run.
        var starting = projects.Any(project => project.UsesServers) ? servers.StartAsync(progress.Say, cancellation) : Task.CompletedTask;
        var (passed, failed) = (0, 0);
        foreach (var project in projects)
        {
            if (project.UsesServers)
                await starting;

            var outcome = await TestRun.RunAsync(project, filter(project), cancellation, patience);
            passed += outcome.Passed;
            failed += outcome.Failed;
            var skipped = outcome.Skipped == 0 ? "" : $", {outcome.Skipped} skipped";
            progress.Say($"{(outcome.Failed == 0 ? "ok    " : "FAILED")} {project.Name,-24} {outcome.Passed} passed, {outcome.Failed} failed{skipped} ({outcome.Took.TotalSeconds:0.0} s)");
            foreach (var failure in outcome.Failures)
                Console.WriteLine($"\n  {failure.Replace("\n", "\n    ", StringComparison.Ordinal)}\n");
        }

        await starting;
        return (passed, failed);
    }
}
