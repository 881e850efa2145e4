using System.Text.Json;
using System.Text.RegularExpressions;
using Sotto.TestSupport;

namespace Architecture.Tests;

/// <summary>What is restored is what was looked at: every package in every lock file, direct or not, stands in packages.txt with its version and its licence.</summary>
public sealed partial class PackageRuleTests
{
    private const string List = "tests/Architecture.Tests/packages.txt";
    private static readonly string[] Licences = ["Apache-2.0", "MIT", "BSD-3-Clause", "PostgreSQL", "Apache-2.0 OR MPL-2.0"];

    private static IReadOnlyList<(string Name, string Version, string Hash, string File)> Locked { get; } = [.. Sources.Files("packages.lock.json").SelectMany(ReadLock)];

    [Test]
    public void Every_restored_package_is_listed() =>
        Assert.That(Locked.Select(package => $"{package.Name} {package.Version}").Distinct().Except(Listed().Select(package => $"{package.Name} {package.Version}"), StringComparer.Ordinal), Is.Empty,
            $"a new package is a decision: read its licence and its advisories, then write it into {List}");

    [Test]
    public void Nothing_is_listed_that_is_not_restored() =>
        Assert.That(Listed().Select(package => $"{package.Name} {package.Version}").Except(Locked.Select(package => $"{package.Name} {package.Version}"), StringComparer.Ordinal), Is.Empty);

    [Test]
    public void Every_licence_is_one_that_may_be_used() =>
        Assert.That(Listed().Where(package => !Licences.Contains(package.Licence, StringComparer.Ordinal)).Select(package => $"{package.Name}: {package.Licence}"), Is.Empty);

    // The lock file pins the content; two hashes for one version mean that somebody was given another package.
    [Test]
    public void A_version_has_one_content_everywhere() =>
        Assert.That(Locked.GroupBy(package => $"{package.Name} {package.Version}").Where(group => group.Select(package => package.Hash).Distinct().Count() > 1).Select(group => group.Key), Is.Empty);

    [Test]
    public void The_package_itself_names_the_licence_that_is_listed()
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var wrong = from package in Listed()
                    let description = Path.Combine(cache, package.Name.ToLowerInvariant(), package.Version, $"{package.Name.ToLowerInvariant()}.nuspec")
                    where File.Exists(description)
                    let licence = Licence().Match(File.ReadAllText(description)).Groups["licence"].Value
                    // Some ship their licence as a file, for a person to read.
                    where licence.Length > 0 && licence != package.Licence
                    select $"{package.Name} {package.Version} says {licence}";

        Assert.That(wrong, Is.Empty);
    }

    private static IEnumerable<(string Name, string Version, string Licence)> Listed() =>
        from line in Sources.Read(List).Split('\n')
        where line.Length > 0 && line[0] != '#'
        let parts = line.Split(' ', 3)
        select (parts[0], parts[1], parts[2]);

    private static IEnumerable<(string Name, string Version, string Hash, string File)> ReadLock(string file)
    {
        using var json = JsonDocument.Parse(Sources.Read(file));
        return
        [
            .. from framework in json.RootElement.GetProperty("dependencies").EnumerateObject()
               from package in framework.Value.EnumerateObject()
               where package.Value.GetProperty("type").GetString() != "Project"
               select (package.Name, package.Value.GetProperty("resolved").GetString()!, package.Value.GetProperty("contentHash").GetString()!, file),
        ];
    }

    [GeneratedRegex(@"<license type=""expression"">(?<licence>[^<]*)<", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Licence();
}
