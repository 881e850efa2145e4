using System.Text.RegularExpressions;
using Sotto.TestSupport;

namespace Architecture.Tests;

/// <summary>The table of planted bugs (<c>./dev mutants</c>) fits the sources: a bug that cannot be planted any more proves nothing.</summary>
public sealed partial class MutantTableTests
{
    private const string Table = "tools/Dev/Mutants/mutants.txt";
    private const int CountMin = 30;

    private static IReadOnlyList<(string Name, string File, string Test, string Before, string After)> Mutants { get; } = [.. Entry().Matches("\n" + Sources.Read(Table)).Select(match =>
        (match.Groups["name"].Value, match.Groups["file"].Value, match.Groups["test"].Value, match.Groups["before"].Value, match.Groups["after"].Value.TrimEnd('\n')))];

    [Test]
    public void There_are_at_least_thirty_and_each_has_a_name_of_its_own()
    {
        Assert.That(Mutants, Has.Count.GreaterThanOrEqualTo(CountMin));
        Assert.That(Mutants.Select(mutant => mutant.Name), Is.Unique);
        Assert.That(Mutants, Has.Count.EqualTo(Sources.Read(Table).Split('\n').Count(line => line.StartsWith("== ", StringComparison.Ordinal))), "an entry cannot be read");
    }

    [Test]
    public void Each_text_to_be_changed_stands_in_its_file_exactly_once() =>
        Assert.That(Mutants.Where(mutant => Sources.Read(mutant.File).Split(mutant.Before).Length != 2).Select(mutant => $"{mutant.Name}: {mutant.File}"), Is.Empty);

    [Test]
    public void Each_changes_something() => Assert.That(Mutants.Where(mutant => mutant.Before == mutant.After).Select(mutant => mutant.Name), Is.Empty);

    [Test]
    public void Each_names_a_test_that_exists()
    {
        var lost = from mutant in Mutants
                   let parts = mutant.Test.Split(' ', 2)
                   let sources = Sources.Files("*.cs", "tests/SenderKit", $"tests/{parts[0]}", $"tests/{parts[0].Replace(".Tests", "", StringComparison.Ordinal)}").Select(Sources.Read).ToList()
                   where parts.Length != 2 || Words().Matches(parts[1]).Any(word => !sources.Exists(text => text.Contains(word.Groups["word"].Value, StringComparison.Ordinal)))
                   select $"{mutant.Name}: {mutant.Test}";

        Assert.That(lost, Is.Empty);
    }

    [Test]
    public void Each_is_on_the_page_of_what_is_caught_where()
    {
        var page = Sources.Read("docs/operating/mutants.md");

        Assert.That(Mutants.Where(mutant => !page.Contains($"| {mutant.Name} |", StringComparison.Ordinal)).Select(mutant => mutant.Name), Is.Empty);
    }

    [GeneratedRegex(
        @"\n== (?<name>[^\n]+)\nharm: [^\n]+\nfile: (?<file>[^\n]+)\ntest: (?<test>[^\n]+)\n-- before\n(?<before>.*?)\n-- after\n(?<after>.*?)(?=\n== |\s*\z)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Entry();

    // FullyQualifiedName~Word, Name~Word and the like, without what NUnit adds to a name.
    [GeneratedRegex(@"[~=](?<word>\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Words();
}
