using System.Text.RegularExpressions;
using Sotto.TestSupport;

namespace Architecture.Tests;

/// <summary>The tables of conformance have no blank, and what they name exists.</summary>
public sealed partial class ConformanceTests
{
    private const string Heading = "## Conformance";

    public static IEnumerable<TestCaseData> Rows =>
        from page in Sources.Files("*.md", "docs").Where(page => Sources.Read(page).Contains(Heading, StringComparison.Ordinal))
        from row in Table(page)
        select new TestCaseData((object)row).SetArgDisplayNames($"{Path.GetFileName(page)}: {row[0]}");

    [Test]
    public void Both_pages_have_a_table()
    {
        Assert.That(Table("docs/protocols/session-v2.md"), Has.Count.GreaterThan(80));
        Assert.That(Table("docs/protocols/session-onion.md"), Has.Count.GreaterThan(20));
    }

    [TestCaseSource(nameof(Rows))]
    public void A_row_names_a_rule_its_place_and_what_shows_it(string[] row)
    {
        Assert.That(row, Has.Length.EqualTo(3).And.All.Not.Empty);
        Assert.That(Code(row[1]).Where(file => file.Contains('/', StringComparison.Ordinal) && !File.Exists(Repository.At(file))), Is.Empty, "no such file");
        if (row[2].StartsWith("not: ", StringComparison.Ordinal))
            return;
        Assert.That(Code(row[2]), Is.Not.Empty);
        Assert.That(Code(row[2]).Where(test => !Exists(test)), Is.Empty, "no such test");
    }

    private static List<string[]> Table(string page) =>
    [
        .. Sources.Read(page).Split(Heading)[1].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| rule |", StringComparison.Ordinal))
            .Select(line => line.Trim().Trim('|').Split(" | ").Select(cell => cell.Trim()).ToArray()),
    ];

    // "Project: Test".
    private static bool Exists(string test) => test.Split(": ") is [var project, var name]
        && Directory.Exists(Repository.At("tests", project))
        && Sources.Files("*.cs", $"tests/{project}").Any(file => Sources.Read(file).Contains($" {name}(", StringComparison.Ordinal));

    private static IEnumerable<string> Code(string cell) => InCode().Matches(cell).Select(match => match.Groups["text"].Value);

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex InCode();
}
