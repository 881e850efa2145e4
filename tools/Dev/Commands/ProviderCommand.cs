using System.CommandLine;
using System.Diagnostics;
using Sotto.Dev.Providers;

namespace Sotto.Dev.Commands;

/// <summary><c>./dev provider</c></summary>
internal static class ProviderCommand
{
    private const string Compose = "docker-compose.yml";
    private static readonly string Contracts = Path.Combine("contracts", "Provider.cs");

    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "The provider's name as a word of code, such as Wns; clients will say it in lower case." };
        var command = new Command("provider", "Begin a new provider: client, sender, simulator and tests, copied from templates/provider; they build and pass at once. docs/adding-a-provider.md says how to go on.") { name };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(name)!, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string name, CancellationToken cancellation)
    {
        var template = new ProviderTemplate(Workspace.Root, name);
        // Made before anything is written: a file that was changed too much is found out first.
        var compose = template.InCompose(await File.ReadAllTextAsync(At(Compose), cancellation));
        var contracts = template.InContracts(await File.ReadAllTextAsync(At(Contracts), cancellation));
        var files = template.CopyTo(Workspace.Root);
        await File.WriteAllTextAsync(At(Compose), compose, cancellation);
        await File.WriteAllTextAsync(At(Contracts), contracts, cancellation);
        foreach (var project in files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)))
            await AddToSolutionAsync(project, cancellation);

        foreach (var file in files)
            Console.WriteLine($"  {file}");
        Console.WriteLine($"""

            {files.Count} files, and lines in {Compose}, {Contracts} and Microservices.sln. Now:
              ./dev test {template.Name}Sender      what every sender must do, against the simulated {template.Name}
              ./dev demo                  rings a phone of its own beside the others
            Then make it {template.Name}'s own: docs/adding-a-provider.md, from step 2 on.
            """);
        return 0;
    }

    private static string At(string path) => Path.Combine(Workspace.Root, path);

    private static async Task AddToSolutionAsync(string project, CancellationToken cancellation)
    {
        var shelf = Path.GetDirectoryName(Path.GetDirectoryName(project))!;
        var start = new ProcessStartInfo(Workspace.Dotnet) { WorkingDirectory = Workspace.Root, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (string[])["sln", "Microservices.sln", "add", project, "--solution-folder", shelf])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new DevException("dotnet cannot be started.");
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
            throw new DevException($"{project} could not be added to the solution: {await error}{await output}");
    }
}
