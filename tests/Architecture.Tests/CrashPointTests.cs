using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>The places at which a service can be made to die are those that the operator is told of.</summary>
public sealed partial class CrashPointTests
{
    [Test]
    public void The_page_lists_every_crash_point_and_no_other()
    {
        var passed = Sources.Files("*.cs", "libs", "services").SelectMany(file => Pass().Matches(Sources.Read(file)).Select(match => match.Groups["name"].Value));
        var listed = Row().Matches(Sources.Read("docs/operating/chaos.md")).Select(match => match.Groups["name"].Value);

        Assert.That(listed, Is.EquivalentTo(passed));
    }

    [GeneratedRegex(@"CrashPoint\.Pass\(""(?<name>[a-z.-]+)""\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Pass();

    [GeneratedRegex(@"^\| `(?<name>[a-z-]+\.[a-z-]+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
