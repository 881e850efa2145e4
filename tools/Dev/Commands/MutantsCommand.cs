using System.CommandLine;
using Sotto.Dev.Mutants;
using Sotto.Dev.Testing;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev mutants</c></summary>
internal static class MutantsCommand
{
    public static Command Create()
    {
        var only = new Option<string?>("--only") { Description = "Only the mutants whose name, or whose test, contains this." };
        var json = new Option<FileInfo?>("--json") { Description = "Write what came of each to this file." };
        var resume = new Option<bool>("--resume") { Description = "Leave out the mutants that were caught when the file of --json was written, and keep what it says of them." };
        var page = new Option<FileInfo?>("--page") { Description = "Write the list of what is caught where, as Markdown, to this file." };
        var plant = new Option<string?>("--plant") { Description = "Only write the mutant of this name into the sources: for ./dev chaos on a copy of the repository." };
        var command = new Command("mutants", "Plant the bugs of tools/Dev/Mutants/mutants.txt, one at a time, and see that a test notices each.") { only, json, resume, page, plant };
        command.Validators.Add(result =>
        {
            if (result.GetValue(resume) && result.GetValue(json) is null)
                result.AddError("--resume needs --json FILE, which says what is known.");
        });
        command.SetAction((parsed, cancellation) => parsed.GetValue(plant) is { } name
            ? PlantAsync(name, cancellation)
            : RunAsync(parsed.GetValue(only), parsed.GetValue(json), parsed.GetValue(resume), parsed.GetValue(page), cancellation));
        return command;
    }

    private static async Task<int> PlantAsync(string name, CancellationToken cancellation)
    {
        var mutant = MutantTable.Read().FirstOrDefault(mutant => mutant.Name == name) ?? throw new DevException($"No mutant is called '{name}'.");
        if (mutant.Occurrences != 1)
            throw new DevException($"Its text stands {mutant.Occurrences} times in {mutant.File}.");
        await File.WriteAllTextAsync(mutant.FullPath, mutant.Mutated, cancellation);
        Console.WriteLine($"{mutant.File} has it now: {mutant.Harm}");
        return 0;
    }

    private static async Task<int> RunAsync(string? only, FileInfo? json, bool resume, FileInfo? page, CancellationToken cancellation)
    {
        var table = MutantTable.Read();
        var known = resume && json is { Exists: true } ? MutantReport.ReadCaught(json, table) : [];
        var mutants = table.Except(known.Select(fate => fate.Mutant))
            .Where(mutant => only is null || $"{mutant.Name} {mutant.Test}".Contains(only, StringComparison.OrdinalIgnoreCase)).ToList();
        if (mutants.Count == 0 && known.Count == 0)
            throw new DevException($"No mutant's name contains '{only}'.");
        var progress = new Progress();
        var folder = Workspace.Local("mutants");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);

        var fates = new List<MutantFate>();
        var haveServers = false;
        var hunt = new MutantHunt(folder);
        await using var servers = new TestServersForAll();
        var needServers = TestProject.FindAll().Where(project => project.UsesServers).Select(project => project.Name).ToHashSet(StringComparer.Ordinal);
        // Those that need no server first, and those of one test folder together.
        foreach (var mutant in mutants.OrderBy(mutant => needServers.Contains(mutant.TestProject)).ThenBy(mutant => mutant.TestProject, StringComparer.Ordinal))
        {
            if (needServers.Contains(mutant.TestProject) && !haveServers)
            {
                await servers.StartAsync(progress.Say, cancellation);
                haveServers = true;
            }

            var fate = await hunt.HuntAsync(mutant, cancellation);
            fates.Add(fate);
            // What is known is kept, however this ends.
            if (json is not null)
                MutantReport.Write(json, [.. known, .. fates]);
            progress.Say($"{fates.Count,2}/{mutants.Count} {fate.Word,-9} {mutant.Name,-34} {fate.Trouble ?? fate.CaughtBy ?? $"by {mutant.Test}"} ({fate.Took.TotalSeconds:0.0} s)");
        }

        if (page is not null)
            await File.WriteAllTextAsync(page.FullName, MutantPage.Write(table, [.. known, .. fates]), cancellation);
        var missed = fates.Where(fate => fate.CaughtBy is null).ToList();
        foreach (var fate in missed)
            Console.WriteLine($"{fate.Word}: {fate.Mutant.Name}: {fate.Mutant.Harm} {fate.Trouble}");
        Console.WriteLine($"{fates.Count - missed.Count} of {fates.Count} mutants caught");
        return missed.Count == 0 ? 0 : 1;
    }
}
