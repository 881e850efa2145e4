namespace Sotto.Dev.Testing;

/// <summary>One project of tests.</summary>
/// <param name="Name">Such as <c>Protocols.Tests</c>.</param>
/// <param name="UsesServers">Whether its sources ask for a broker or a database.</param>
/// <param name="HasVectors">Whether its sources mark tests as vector tests.</param>
internal sealed record TestProject(string Name, bool UsesServers, bool HasVectors)
{
    /// <summary>The project whose tests all are vector tests.</summary>
    public const string VectorProject = "Vectors.Tests";

    /// <summary>The category of vector tests elsewhere.</summary>
    public const string VectorCategory = "vectors";

    /// <summary>Its built tests.</summary>
    public string Assembly { get; init; } = Workspace.Program(Name);

    /// <summary>All of them, the template's among them: those that need no server first, since those servers are still starting then.</summary>
    public static IReadOnlyList<TestProject> FindAll() =>
    [
        .. ((string[])["tests", "templates"])
            .SelectMany(shelf => Directory.GetFiles(Path.Combine(Workspace.Root, shelf), "*.Tests.csproj", SearchOption.AllDirectories))
            .Select(Read).OrderBy(project => project.UsesServers).ThenBy(project => project.Name, StringComparer.Ordinal),
    ];

    private static TestProject Read(string file)
    {
        var sources = Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        return new TestProject(
            Path.GetFileNameWithoutExtension(file),
            sources.Exists(text => text.Contains("TestServers.", StringComparison.Ordinal) || text.Contains("using Sotto.SenderKit;", StringComparison.Ordinal)),
            sources.Exists(text => text.Contains($"Category(\"{VectorCategory}\")", StringComparison.Ordinal)));
    }
}
