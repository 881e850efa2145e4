using System.Text;

namespace Sotto.Dev.Mutants;

/// <summary>The list of what is caught where, for readers.</summary>
internal static class MutantPage
{
    /// <summary>The page, as it is kept in docs/operating/mutants.md.</summary>
    public static string Write(IEnumerable<MutantFate> fates)
    {
        var page = new StringBuilder(
            """
            # Planted bugs, and the tests that notice

            `./dev mutants` plants each of these bugs by itself, compiles the one project that it is in, and runs the named test against it. The table is
            `tools/Dev/Mutants/mutants.txt`; this page is written by `./dev mutants --page docs/operating/mutants.md`. A test checks at every run of
            `./dev test` that each text to be changed still stands where the table says.

            | bug | what it would do | the test that is to notice |
            |---|---|---|

            """);
        foreach (var fate in fates.OrderBy(fate => fate.Mutant.File, StringComparer.Ordinal))
            page.Append("| ").Append(fate.Mutant.Name).Append(" | ").Append(fate.Mutant.Harm).Append(" (`").Append(fate.Mutant.File).Append("`) | ").Append(Test(fate)).Append(" |\n");
        return page.ToString();
    }

    private static string Test(MutantFate fate) =>
        fate.CaughtBy is null ? $"**{fate.Word}**" : $"{fate.Mutant.TestProject}: {fate.CaughtBy.Replace('_', ' ').Replace("|", "\\|", StringComparison.Ordinal)}";
}
