using System.Text;

namespace Sotto.Dev.Mutants;

/// <summary>The list of what is caught where, for readers.</summary>
internal static class MutantPage
{
    private const string NotRun = "not run";

    /// <summary>The page, as it is kept in docs/operating/mutants.md.</summary>
    public static string Write(IEnumerable<Mutant> table, IReadOnlyCollection<MutantFate> fates)
    {
        var fateOf = fates.ToDictionary(fate => fate.Mutant);
        var page = new StringBuilder(
            """
            # Planted bugs, and the tests that notice

            `./dev mutants` plants each of these bugs by itself, compiles the one project that it is in, and runs its test against it. The table is
            `tools/Dev/Mutants/mutants.txt`; this page is written by `./dev mutants --page docs/operating/mutants.md`. A test checks at every run of
            `./dev test` that each text to be changed still stands where the table says.

            | bug | what it would do | caught by |
            |---|---|---|

            """);
        foreach (var mutant in table.OrderBy(mutant => mutant.File, StringComparer.Ordinal))
            page.Append("| ").Append(mutant.Name).Append(" | ").Append(mutant.Harm).Append(" (`").Append(mutant.File).Append("`) | ").Append(CaughtBy(fateOf.GetValueOrDefault(mutant))).Append(" |\n");
        return page.ToString();
    }

    private static string CaughtBy(MutantFate? fate) => fate switch
    {
        { CaughtBy: { } test } => $"{fate.Mutant.TestProject}: {test.Replace('_', ' ').Replace("|", "\\|", StringComparison.Ordinal)}",
        _ => $"**{fate?.Word ?? NotRun}**",
    };
}
