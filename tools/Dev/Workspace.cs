namespace Sotto.Dev;

/// <summary>The repository that this tool was built from, and the programs built beside it.</summary>
public static class Workspace
{
    /// <summary>The folder that holds Microservices.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>"debug" or "release": the configuration that this tool itself was built in, and so all the others.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Name;

    /// <summary>The dotnet program that runs us, and so can run the others.</summary>
    public static string Dotnet { get; } = FindDotnet();

    /// <summary>A path under <c>.local</c>.</summary>
    public static string Local(params string[] names) => Path.Combine([Root, ".local", .. names]);

    /// <summary>The built program of a project.</summary>
    public static string Program(string project) => Path.Combine(Root, "artifacts", "bin", project, Configuration, $"{project}.dll");

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Microservices.sln")))
                return folder;
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Microservices.sln.");
    }

    private static string FindDotnet()
    {
        if (Environment.GetEnvironmentVariable("SOTTO_SDK") is { Length: > 0 } named)
            return named;

        return Path.GetFileName(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
    }
}
