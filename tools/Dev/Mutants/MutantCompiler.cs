using System.Diagnostics;
using System.Text.Json;

namespace Sotto.Dev.Mutants;

/// <summary>Compiles one project with one file changed: the compiler alone, with the arguments that the build gives it, into a folder of its own. Nothing of the build is touched.</summary>
internal sealed class MutantCompiler(string folder)
{
    // What only complains of style, and would refuse a bug for its looks.
    private static readonly string[] Critics = ["NetAnalyzers", "CodeStyle", "Meziantou", "BannedApi", "Roslynator", "NUnit.Analyzers"];

    // One compiler for all mutants, which is then warm; it ends by itself.
    private const int ServerIdleSeconds = 60;
    private readonly string _server = $"sotto-mutants-{Environment.ProcessId}";

    private readonly Dictionary<string, IReadOnlyList<string>> _arguments = new(StringComparer.Ordinal);

    /// <summary>Compiles the project of the mutant's file.</summary>
    /// <returns>The assembly; null and the compiler's words when there is none.</returns>
    public async Task<(string? Assembly, string Output)> CompileAsync(Mutant mutant, CancellationToken cancellation)
    {
        var project = ProjectOf(mutant.FullPath);
        var given = await ArgumentsAsync(project, cancellation);
        var source = Path.Combine(folder, Path.GetFileName(mutant.File));
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(source, mutant.Mutated, cancellation);
        var assembly = Path.Combine(folder, Path.GetFileName(Value(given, "/out:")));
        var relative = Path.GetRelativePath(Path.GetDirectoryName(project)!, mutant.FullPath);
        var arguments = given.Where(argument => !IsLeftOut(argument)).Select(argument => argument == relative ? source : argument).Append($"/out:{assembly}");
        if (!given.Contains(relative, StringComparer.Ordinal) && !given.Any(argument => argument.Contains(mutant.File, StringComparison.Ordinal)))
            throw new DevException($"{mutant.File} is not compiled by {project}.");
        var response = Path.Combine(folder, "arguments.rsp");
        await File.WriteAllLinesAsync(response, arguments.Select(Quote), cancellation);
        var (code, output) = await RunAsync([Compiler(), "/noconfig", $"/shared:{_server}", $"/keepalive:{ServerIdleSeconds}", $"@{response}"], Path.GetDirectoryName(project)!, cancellation);
        return code == 0 ? (assembly, output) : (null, output);
    }

    private async Task<IReadOnlyList<string>> ArgumentsAsync(string project, CancellationToken cancellation)
    {
        if (_arguments.TryGetValue(project, out var known))
            return known;
        // Outputs that never exist: else the compiler's turn would be left out, and its arguments with it.
        string[] question =
        [
            "msbuild", project, "-nologo", "-t:Compile", $"-p:Configuration={Workspace.Configuration}", "-p:BuildProjectReferences=false", "-p:SkipCompilerExecution=true",
            "-p:ProvideCommandLineArgs=true", "-p:NonExistentFile=nowhere/nothing", "-getItem:CscCommandLineArgs",
        ];
        var (code, output) = await RunAsync(question, Workspace.Root, cancellation);
        if (code != 0)
            throw new DevException($"The compiler's arguments for {project} are not to be had: {output}");
        using var answer = JsonDocument.Parse(output);
        var items = answer.RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray();
        return _arguments[project] = [.. items.Select(item => item.GetProperty("Identity").GetString()!)];
    }

    private static string ProjectOf(string file)
    {
        for (var folder = Path.GetDirectoryName(file); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Directory.GetFiles(folder, "*.csproj") is [var project])
                return project;
        }

        throw new DevException($"{file} belongs to no project.");
    }

    private static bool IsLeftOut(string argument) =>
        argument.StartsWith("/out:", StringComparison.Ordinal) || argument.StartsWith("/refout:", StringComparison.Ordinal) || argument.StartsWith("/doc:", StringComparison.Ordinal)
        || argument.StartsWith("/warnaserror", StringComparison.Ordinal) || argument == "/noconfig"
        || (argument.StartsWith("/analyzer:", StringComparison.Ordinal) && Critics.Any(critic => argument.Contains(critic, StringComparison.Ordinal)));

    private static string Value(IEnumerable<string> arguments, string name) => arguments.First(argument => argument.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim('"');

    private static string Quote(string argument)
    {
        if (!argument.Contains(' ', StringComparison.Ordinal) || argument.Contains('"', StringComparison.Ordinal))
            return argument;
        var colon = argument.IndexOf(':', StringComparison.Ordinal);
        return argument.StartsWith('/') && colon > 0 && colon < 20 ? $"{argument[..(colon + 1)]}\"{argument[(colon + 1)..]}\"" : $"\"{argument}\"";
    }

    // The compiler that belongs to the SDK whose runtime runs us.
    private static string Compiler()
    {
        var dotnet = new FileInfo(File.ResolveLinkTarget(Workspace.Dotnet, returnFinalTarget: true)?.FullName ?? FullPathOf(Workspace.Dotnet));
        var sdks = Directory.GetDirectories(Path.Combine(dotnet.DirectoryName!, "sdk"), "10.*").Order(StringComparer.Ordinal);
        return Path.Combine(sdks.Last(), "Roslyn", "bincore", "csc.dll");
    }

    private static string FullPathOf(string program) =>
        Path.IsPathRooted(program) ? program : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, program)).First(File.Exists);

    private static async Task<(int Code, string Output)> RunAsync(IReadOnlyList<string> arguments, string folder, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Workspace.Dotnet, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, UseShellExecute = false };
        using var process = Process.Start(start) ?? throw new DevException("dotnet could not be started.");
        var output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, output);
    }
}
