using System.Diagnostics;

namespace Sotto.LocalServers.Processes;

/// <summary>Programs of the system: where they are, and what they print when run to their end.</summary>
public static class Programs
{
    /// <summary>What a program said and how it ended. <c>ExitCode</c> is -1 when it did not end in time and was killed, -2 when it could not be run at all.</summary>
    public sealed record Result(int ExitCode, string Output, string Errors)
    {
        /// <summary>True when it ended well.</summary>
        public bool Succeeded => ExitCode == 0;
    }

    /// <summary>Runs it and gathers what it prints.</summary>
    public static async Task<Result> RunAsync(
        string program, IEnumerable<string> arguments, TimeSpan within, string? workingFolder = null, CancellationToken cancellation = default)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingFolder ?? "",
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return new Result(-2, "", e.Message);
        }

        using var _ = process;
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(within);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Result(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            return new Result(-1, "", $"{program} did not end within {within.TotalSeconds:0} s.");
        }
    }

    /// <summary>As <see cref="RunAsync"/>, but anything other than success is an error.</summary>
    public static async Task<string> RequireAsync(
        string what, string program, IEnumerable<string> arguments, TimeSpan within, string? workingFolder = null, CancellationToken cancellation = default)
    {
        var result = await RunAsync(program, arguments, within, workingFolder, cancellation);
        return result.Succeeded
            ? result.Output
            : throw new LocalServerException($"{what} failed with code {result.ExitCode}: {(result.Errors + result.Output).Trim()}");
    }

    /// <summary>The full path of a program on the PATH or in the folders where Debian keeps servers; null when it is not installed.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"])
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
