using System.Text.RegularExpressions;
using Sotto.TestSupport;

namespace Architecture.Tests;

/// <summary>The documents agree with what lies beside them.</summary>
public sealed partial class DocumentTests
{
    public static IEnumerable<string> Documents => Sources.Files("*.md");

    [TestCaseSource(nameof(Documents))]
    public void Every_link_inside_the_repository_leads_somewhere(string document)
    {
        var folder = Path.GetDirectoryName(Repository.At(document))!;
        var dead = Link().Matches(CodeBlock().Replace(Sources.Read(document), ""))
            .Select(match => match.Groups["target"].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#') && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Select(target => Uri.UnescapeDataString(target.Split('#')[0]))
            .Where(target => !Path.Exists(Path.Combine(folder, target)));

        Assert.That(dead, Is.Empty);
    }

    [Test]
    public void The_readme_names_the_two_commands() => Assert.That(Sources.Read("README.md"), Does.Contain("./dev demo").And.Contain("./dev test"));

    [Test]
    public void Every_service_and_simulator_is_in_the_compose_file()
    {
        var compose = Sources.Read("docker-compose.yml");
        var projects = Sources.Files("*.csproj", "services", "simulators").Where(project => File.Exists(Repository.At(Path.GetDirectoryName(project)!, "Program.cs")));

        Assert.That(projects.Select(project => Path.GetFileNameWithoutExtension(project)!).Where(name => !compose.Contains($"SERVICE: {name}", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void The_door_tells_of_every_command()
    {
        var help = Sources.Read("dev");
        var commands = Sources.Files("*Command.cs", "tools").Where(path => path.Contains("Dev/Commands", StringComparison.Ordinal))
            .Select(path => Path.GetFileName(path)[..^"Command.cs".Length].ToLowerInvariant());

        Assert.That(commands.Where(command => !Regex.IsMatch(help, $"^  {command} ", RegexOptions.Multiline, TimeSpan.FromSeconds(1))), Is.Empty);
    }

    [GeneratedRegex(@"\]\(<?(?<target>[^)\s>]+)>?(\s+""[^""]*"")?\)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Link();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline, 5000)]
    private static partial Regex CodeBlock();
}
