using System.Diagnostics;

namespace Sotto.LocalServers.Processes;

/// <summary>What to run, and how.</summary>
public sealed record ProcessLaunch
{
    /// <summary>For people: what this process is.</summary>
    public required string Name { get; init; }

    /// <summary>The program, as a path or a name on the PATH.</summary>
    public required string Program { get; init; }

    /// <summary>Its arguments. Everyone on the machine can read them: no secrets here.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Added to this process's environment; null takes a variable away. Only the same user can read it.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>Where its standard output and error go; appended.</summary>
    public required string LogFile { get; init; }

    /// <summary>Its working folder; this process's own by default.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>The ordinary user to run it as, when we are root.</summary>
    public OrdinaryUser? User { get; init; }
}

/// <summary>A process in a session of its own: a Ctrl-C at our terminal does not reach it, and it outlives us unless it is stopped.</summary>
public sealed class LocalProcess
{
    private readonly ProcessLaunch _launch;
    private readonly Process _process;

    private LocalProcess(ProcessLaunch launch, Process process, ProcessIdentity identity)
    {
        _launch = launch;
        _process = process;
        Identity = identity;
    }

    /// <summary>Who it is.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>True once it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>How it ended; only once it has.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Where it writes.</summary>
    public string LogFile => _launch.LogFile;

    /// <summary>Starts it; returns at once.</summary>
    public static LocalProcess Start(ProcessLaunch launch)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(launch.LogFile)!);
        File.AppendAllText(launch.LogFile, "");

        // The shell only redirects and is then replaced, twice or thrice, under the same process id.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = launch.WorkingFolder ?? "" };
        string[] shell = ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", launch.LogFile, "setsid"];
        foreach (var argument in shell.Concat(launch.User?.RunAs ?? []).Append(launch.Program).Concat(launch.Arguments))
            start.ArgumentList.Add(argument);

        foreach (var (name, value) in launch.Environment)
            start.Environment[name] = value;

        var process = Process.Start(start) ?? throw new LocalServerException($"{launch.Name} could not be started.");
        var identity = ProcessIdentity.Of(process.Id) ?? new ProcessIdentity(process.Id, StartTicks: -1);
        return new LocalProcess(launch, process, identity);
    }

    /// <summary>Waits until <paramref name="ready"/>, the process's end, or the end of our patience; throws with the log's tail in the last two cases.</summary>
    public async Task WaitUntilReadyAsync(Func<Task<bool>> ready, TimeSpan within, CancellationToken cancellation = default)
    {
        var became = await Polling.UntilAsync(async () => HasEnded || await ready(), within, cancellation);
        if (HasEnded)
            throw new LocalServerException($"{_launch.Name} ended with code {_process.ExitCode} while starting. {LogTail()}");

        if (!became)
            throw new LocalServerException($"{_launch.Name} was not ready after {within.TotalSeconds:0} s. {LogTail()}");
    }

    /// <summary>Kills it together with all that it started and that has not made a session of its own.</summary>
    public async Task StopGroupAsync()
    {
        // It leads its session and so its group, which has its number for as long as anybody is in it.
        _ = Libc.Kill(-Identity.Pid, Libc.SigKill);
        await Identity.StopAsync(TimeSpan.Zero, StopSignal.Kill);
    }

    /// <summary>The last lines of the log, for an error message.</summary>
    public string LogTail() => TailOf(_launch.LogFile);

    /// <summary>The beginning and the end of a log file, introduced by its path: a crash says why first and where last.</summary>
    public static string TailOf(string logFile)
    {
        const int First = 4;
        const int Last = 20;
        const int Bytes = 16 * 1024;
        using var log = new FileStream(logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(log);
        var head = Enumerable.Range(0, First).Select(_ => reader.ReadLine()).OfType<string>().ToList();
        log.Seek(-Math.Min(Bytes, log.Length), SeekOrigin.End);
        reader.DiscardBufferedData();
        var tail = reader.ReadToEnd().TrimEnd().Split('\n').TakeLast(Last).SkipWhile(head.Contains).ToList();
        return $"Its log, {logFile}:\n  {string.Join("\n  ", tail.Count < Last ? head.Concat(tail) : head.Append("...").Concat(tail))}";
    }
}
