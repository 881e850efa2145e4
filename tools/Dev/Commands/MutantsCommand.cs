using System.CommandLine;
using System.Text.Json;
using Sotto.Dev.Mutants;
using Sotto.Dev.Testing;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev mutants</c></summary>
internal static class MutantsCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var only = new Option<string?>("--only") { Description = "Only the mutants whose name, or whose test project, contains this." };
        var json = new Option<FileInfo?>("--json") { Description = "Write what came of each to this file." };
        var page = new Option<FileInfo?>("--page") { Description = "Write the list of what is caught where, as Markdown, to this file." };
        var command = new Command("mutants", "Plant the bugs of tools/Dev/Mutants/mutants.txt, one at a time, and see that a test notices each.") { only, json, page };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(only), parsed.GetValue(json), parsed.GetValue(page), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string? only, FileInfo? json, FileInfo? page, CancellationToken cancellation)
    {
        var mutants = MutantTable.Read().Where(mutant => only is null || $"{mutant.Name} {mutant.TestProject}".Contains(only, StringComparison.OrdinalIgnoreCase)).ToList();
        if (mutants.Count == 0)
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
            Write(json, fates);
            progress.Say($"{fates.Count,2}/{mutants.Count} {fate.Word,-8} {mutant.Name,-34} {fate.Trouble ?? fate.CaughtBy ?? $"by {mutant.Test}"} ({fate.Took.TotalSeconds:0.0} s)");
        }

        if (page is not null)
            await File.WriteAllTextAsync(page.FullName, MutantPage.Write(fates), cancellation);
        var missed = fates.Where(fate => fate.CaughtBy is null).ToList();
        foreach (var fate in missed)
            Console.WriteLine($"{fate.Word}: {fate.Mutant.Name}: {fate.Mutant.Harm} {fate.Trouble}");
        Console.WriteLine($"{fates.Count - missed.Count} of {fates.Count} mutants caught");
        return missed.Count == 0 ? 0 : 1;
    }

    private static void Write(FileInfo? json, List<MutantFate> fates)
    {
        if (json is null)
            return;
        var rows = fates.Select(fate => new { fate.Mutant.Name, fate.Mutant.Harm, fate.Mutant.File, fate.Mutant.Test, Fate = fate.Word, fate.CaughtBy, fate.Trouble, Seconds = fate.Took.TotalSeconds });
        File.WriteAllText(json.FullName, JsonSerializer.Serialize(new { Mutants = fates.Count, Caught = fates.Count(fate => fate.CaughtBy is not null), Fates = rows }, Indented));
    }
}
