namespace Sotto.TestSupport;

/// <summary>Where the sources are, seen from a built test.</summary>
public static class Repository
{
    /// <summary>The folder that holds Microservices.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path inside the repository.</summary>
    public static string At(params string[] names) => Path.Combine([Root, .. names]);

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Microservices.sln")))
                return folder;
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Microservices.sln.");
    }
}
