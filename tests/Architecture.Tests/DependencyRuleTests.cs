using System.Xml.Linq;
using Sotto.TestSupport;

namespace Architecture.Tests;

/// <summary>The dependency table of docs/architecture.md, checked against the project files themselves.</summary>
public sealed class DependencyRuleTests
{
    private static readonly Dictionary<string, string[]> MayReference = new(StringComparer.Ordinal)
    {
        ["contracts"] = [],
        ["libs/protocols"] = ["libs/protocols"],
        ["libs/providers"] = ["libs/providers"],
        ["libs"] = ["contracts", "libs", "libs/protocols"],
        ["services"] = ["contracts", "libs", "libs/protocols", "libs/providers"],
        ["simulators"] = ["simulators", "libs/protocols"],
    };

    // Where a package may appear; one that is not named here may appear in any service, simulator, tool or test, but in no library.
    private static readonly Dictionary<string, string[]> PackageShelves = new(StringComparer.Ordinal)
    {
        ["MassTransit"] = ["libs/Delivery", "libs/Hosting", "services", "tools", "tests", "bench"],
        ["MassTransit.RabbitMQ"] = ["libs/Delivery", "libs/Hosting", "services", "tools", "tests", "bench"],
        ["RabbitMQ.Client"] = ["libs/Delivery", "libs/Hosting", "tools", "tests", "bench"],
        ["Npgsql"] = ["libs/Hosting", "libs/Storage", "services", "tools", "tests", "bench"],
        ["Dapper"] = ["libs/Storage", "services"],
        ["Serilog"] = ["libs/Hosting"],
        ["Serilog.Sinks.Console"] = ["libs/Hosting"],
        ["Serilog.Extensions.Logging"] = ["libs/Hosting"],
        ["OpenTelemetry"] = ["libs/Hosting"],
        ["OpenTelemetry.Exporter.OpenTelemetryProtocol"] = ["libs/Hosting"],
    };

    public static IEnumerable<string> Projects => Sources.Files("*.csproj");

    public static IEnumerable<string> RuledProjects => Projects.Where(project => MayReference.ContainsKey(Shelf(project)));

    [TestCaseSource(nameof(RuledProjects))]
    public void A_project_references_only_the_shelves_it_may(string project) =>
        Assert.That(References(project).Select(Shelf).Except(MayReference[Shelf(project)], StringComparer.Ordinal), Is.Empty);

    [TestCaseSource(nameof(Projects))]
    public void A_simulator_shares_only_raw_cryptography_with_what_it_tests(string project)
    {
        if (Shelf(project) == "simulators")
            Assert.That(References(project).Where(reference => Shelf(reference) == "libs/protocols").Except(["libs/protocols/Sodium/Sodium.csproj"], StringComparer.Ordinal), Is.Empty);
        else if (Shelf(project) is not ("tools" or "tests" or "bench" or "samples"))
            Assert.That(References(project).Where(reference => Shelf(reference) == "simulators"), Is.Empty);
    }

    [TestCaseSource(nameof(Projects))]
    public void A_package_is_used_only_where_it_may_be(string project)
    {
        var folder = Path.GetDirectoryName(project)!.Replace('\\', '/');
        var wrong = Packages(project).Where(package => PackageShelves.TryGetValue(package, out var shelves)
            ? !shelves.Any(shelf => folder == shelf || folder.StartsWith(shelf + "/", StringComparison.Ordinal))
            : folder.StartsWith("libs/", StringComparison.Ordinal) || folder == "contracts");

        Assert.That(wrong, Is.Empty);
    }

    [TestCaseSource(nameof(Projects))]
    public void A_project_names_no_version(string project) =>
        Assert.That(Xml(project).Descendants("PackageReference").Where(reference => reference.Attribute("Version") is not null), Is.Empty);

    [Test]
    public void The_solution_holds_every_project_and_no_other()
    {
        var listed = Sources.Read("Microservices.sln").Split('\n')
            .Where(line => line.StartsWith("Project(", StringComparison.Ordinal) && line.Contains(".csproj", StringComparison.Ordinal))
            .Select(line => line.Split('"')[5].Replace('\\', '/'));

        Assert.That(listed, Is.EquivalentTo(Projects));
    }

    [TestCaseSource(nameof(Projects))]
    public void A_project_has_its_lock_file(string project) =>
        Assert.That(File.Exists(Repository.At(Path.GetDirectoryName(project)!, "packages.lock.json")), Is.True);

    private static IEnumerable<string> References(string project)
    {
        var folder = Repository.At(Path.GetDirectoryName(project)!);
        return Xml(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFullPath(Path.Combine(folder, reference.Attribute("Include")!.Value.Replace('\\', '/'))))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'));
    }

    // Analyzers are packages too, but nothing of them is in the result.
    private static IEnumerable<string> Packages(string project) =>
        Xml(project).Descendants("PackageReference").Where(reference => reference.Attribute("PrivateAssets")?.Value != "all").Select(reference => reference.Attribute("Include")!.Value);

    private static XDocument Xml(string project) => XDocument.Load(Repository.At(project));

    // "libs/protocols/Bencode/Bencode.csproj" stands on the shelf "libs/protocols", "contracts/Contracts.csproj" on "contracts".
    // A template stands where its copy will stand.
    private static string Shelf(string project)
    {
        const string Template = "templates/provider/";
        var parts = (project.StartsWith(Template, StringComparison.Ordinal) ? project[Template.Length..] : project).Split('/');
        return parts.Length == 2 ? parts[0] : string.Join('/', parts[..^2]);
    }
}
