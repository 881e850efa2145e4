using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>What no source file may hold.</summary>
public sealed partial class SourceRuleTests
{
    private const int LinesMax = 400;

    private static readonly string[] Unfinished = ["NotImplementedException", "TODO", "FIXME", "HACK", "XXX"];

    // Each blocks a thread that others wait for, or switches off what is tested. Spelled in two parts, so that this file does not hold them.
    private static readonly string[] Forbidden = ["Thread" + ".Sleep", "GetAwaiter()" + ".GetResult", "Dangerous" + "AcceptAnyServerCertificate", "pragma warning" + " disable"];

    public static IEnumerable<string> AllSources => Sources.Files("*.cs", Sources.Shelves);

    public static IEnumerable<string> ProductSources => Sources.Files("*.cs", "contracts", "libs", "services");

    [Test]
    public void Nothing_is_left_unfinished() => Assert.That(Holding(ProductSources, Unfinished), Is.Empty);

    [Test]
    public void Nothing_forbidden_is_used() => Assert.That(Holding(ProductSources, Forbidden), Is.Empty);

    [Test]
    public void No_test_is_switched_off() =>
        Assert.That(Holding(Sources.Files("*.cs", "tests"), ["[Ignore" + "(", "[Ignore" + "]", "[Explicit" + "]", "[Explicit" + "("]), Is.Empty);

    [Test]
    public void No_file_is_longer_than_four_hundred_lines() =>
        Assert.That(AllSources.Where(path => Sources.Read(path).Count(c => c == '\n') > LinesMax), Is.Empty);

    [Test]
    public void Every_namespace_is_for_its_whole_file() =>
        Assert.That(AllSources.Where(path => BlockNamespace().IsMatch(Sources.Read(path))), Is.Empty);

    [Test]
    public void No_type_is_named_after_nothing() =>
        Assert.That(ProductSources.Where(path => EmptyName().IsMatch(Path.GetFileNameWithoutExtension(path))), Is.Empty);

    private static IEnumerable<string> Holding(IEnumerable<string> files, IReadOnlyList<string> words) =>
        from file in files
        let text = Sources.Read(file)
        from word in words
        where text.Contains(word, StringComparison.Ordinal)
        select $"{file} holds {word}";

    [GeneratedRegex(@"^namespace [\w.]+\s*$", RegexOptions.Multiline, 1000)]
    private static partial Regex BlockNamespace();

    [GeneratedRegex("(Helper|Helpers|Manager|Util|Utils|Common|Base|Impl)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EmptyName();
}
