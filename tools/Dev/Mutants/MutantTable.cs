namespace Sotto.Dev.Mutants;

/// <summary>The planted bugs, as <c>tools/Dev/Mutants/mutants.txt</c> lists them.</summary>
internal static class MutantTable
{
    /// <summary>Where the table is, from the root.</summary>
    public const string File = "tools/Dev/Mutants/mutants.txt";

    private const string Begin = "== ";
    private const string Before = "-- before";
    private const string After = "-- after";

    /// <summary>Reads the table.</summary>
    public static IReadOnlyList<Mutant> Read() => [.. Parse(System.IO.File.ReadAllText(Path.Combine(Workspace.Root, File)).ReplaceLineEndings("\n"))];

    private static IEnumerable<Mutant> Parse(string table)
    {
        foreach (var entry in ("\n" + table).Split("\n" + Begin).Skip(1))
        {
            var (head, rest) = Halves(entry, Before);
            var (before, after) = Halves(rest, After);
            var lines = head.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            yield return new Mutant(lines[0].Trim(), Field(lines, "harm"), Field(lines, "file"), Field(lines, "test"), before.Trim('\n'), after.Trim('\n'));
        }
    }

    private static (string First, string Second) Halves(string text, string border)
    {
        var parts = text.Split($"\n{border}\n");
        return parts.Length == 2 ? (parts[0], parts[1]) : throw new DevException($"{File}: an entry has not exactly one line '{border}': {text.Split('\n')[0]}");
    }

    private static string Field(string[] lines, string name) =>
        Array.Find(lines, line => line.StartsWith($"{name}: ", StringComparison.Ordinal))?[(name.Length + 2)..].Trim()
            ?? throw new DevException($"{File}: '{lines[0]}' has no line '{name}: '.");
}
