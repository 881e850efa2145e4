namespace Fuzz;

/// <summary>The kept inputs: below <c>tests/corpus</c>, a folder for each target, a file for each input.</summary>
internal static class Corpus
{
    /// <summary>Where it is.</summary>
    public static string Folder => Path.Combine(Root, "tests", "corpus");

    /// <summary>Where findings go.</summary>
    public static string Findings => Path.Combine(Root, ".local", "fuzz");

    private static string Root { get; } = FindRoot();

    /// <summary>The inputs of one target, in the order of their names.</summary>
    public static IReadOnlyList<byte[]> Of(FuzzTarget target)
    {
        var folder = Path.Combine(Folder, target.Name);
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];
    }

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Microservices.sln")))
                return folder;
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Microservices.sln.");
    }
}
