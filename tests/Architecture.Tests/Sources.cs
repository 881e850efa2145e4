using Sotto.TestSupport;

namespace Architecture.Tests;

/// <summary>What lies in the repository, by paths relative to its root, with '/' between names.</summary>
internal static class Sources
{
    public static readonly string[] Shelves = ["contracts", "libs", "services", "simulators", "tools", "tests", "bench", "samples", "templates"];

    private static readonly string[] NotOurs = ["artifacts", ".local", ".git", "TestResults", "bin", "obj"];

    /// <summary>Files with one of the endings, in these shelves; in the whole repository when none is named.</summary>
    public static IReadOnlyList<string> Files(string pattern, params string[] shelves) =>
    [
        .. (shelves.Length == 0 ? [Repository.Root] : shelves.Select(shelf => Repository.At(shelf)).Where(Directory.Exists))
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Intersect(NotOurs, StringComparer.Ordinal).Any())
            .Order(StringComparer.Ordinal),
    ];

    public static string Read(string path) => File.ReadAllText(Repository.At(path));
}
