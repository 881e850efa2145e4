using System.Text.Json;

namespace Sotto.Dev.Mutants;

/// <summary>What came of each mutant, as a file for programs; a later run can go on from it.</summary>
internal static class MutantReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Write(FileInfo file, IReadOnlyCollection<MutantFate> fates)
    {
        var rows = fates.Select(fate => new Row(
            fate.Mutant.Name, fate.Mutant.Harm, fate.Mutant.File, fate.Mutant.Test, fate.Mutant.Before, fate.Mutant.After, fate.Word, fate.CaughtBy, fate.Trouble, fate.Took.TotalSeconds));
        File.WriteAllText(file.FullName, JsonSerializer.Serialize(new Report(fates.Count, fates.Count(fate => fate.CaughtBy is not null), [.. rows]), Indented));
    }

    /// <summary>The mutants that were caught, as far as the table has them as they were.</summary>
    public static IReadOnlyList<MutantFate> ReadCaught(FileInfo file, IReadOnlyList<Mutant> table)
    {
        var report = JsonSerializer.Deserialize<Report>(File.ReadAllText(file.FullName), Indented) ?? throw new DevException($"{file} is no file of --json.");
        var rows = report.Fates.Where(row => row.CaughtBy is not null).ToDictionary(row => new Mutant(row.Name, row.Harm, row.File, row.Test, row.Before, row.After));
        return [.. table.Where(rows.ContainsKey).Select(mutant => new MutantFate(mutant, rows[mutant].CaughtBy, Trouble: null, TimeSpan.FromSeconds(rows[mutant].Seconds)))];
    }

    private sealed record Report(int Mutants, int Caught, IReadOnlyList<Row> Fates);

    private sealed record Row(
        string Name, string Harm, string File, string Test, string Before, string After, string Fate, string? CaughtBy, string? Trouble, double Seconds);
}
