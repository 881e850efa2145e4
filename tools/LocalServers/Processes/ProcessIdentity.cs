using System.Globalization;

namespace Sotto.LocalServers.Processes;

/// <summary>One process and no other: its id, and when it started, since ids are used again.</summary>
/// <param name="Pid">The process id.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: field 22 of <c>/proc/PID/stat</c>.</param>
public sealed record ProcessIdentity(int Pid, long StartTicks)
{
    /// <summary>True while this very process runs; a zombie has ended, once the last of its threads has.</summary>
    public bool IsAlive => ReadStat(Pid) is { } stat && stat.StartTicks == StartTicks && (stat.State is not ('Z' or 'X') || HasThreads());

    /// <summary>The identity of the process that has this id now, or null when there is none.</summary>
    public static ProcessIdentity? Of(int pid) => ReadStat(pid) is { } stat ? new ProcessIdentity(pid, stat.StartTicks) : null;

    /// <summary>Asks the process to end, and ends it when it has not within <paramref name="patience"/>. Does nothing when it has gone.</summary>
    public async Task StopAsync(TimeSpan patience, StopSignal signal = StopSignal.Terminate, CancellationToken cancellation = default)
    {
        Signal(signal);
        if (signal != StopSignal.Kill && !await EndsWithinAsync(patience, cancellation))
            Signal(StopSignal.Kill);

        if (!await EndsWithinAsync(AfterKill, cancellation))
            throw new LocalServerException($"Process {Pid} did not end, although it was killed.");
    }

    /// <summary>Sends the signal, if this very process is still there.</summary>
    public void Signal(StopSignal signal)
    {
        if (IsAlive)
            _ = Libc.Kill(Pid, (int)signal);
    }

    // A killed process is gone as soon as the kernel has freed its memory.
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(10);

    private Task<bool> EndsWithinAsync(TimeSpan within, CancellationToken cancellation) => Polling.UntilAsync(() => !IsAlive, within, cancellation);

    // The first thread of a process that is killed may be gone while others still hold its files and ports.
    private bool HasThreads()
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{Pid}/task").Skip(1).Any();
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static (char State, long StartTicks)? ReadStat(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // The second field is the program's name in brackets, and may hold anything; the third field, the state, follows the last bracket.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (fields[0][0], long.Parse(fields[19], CultureInfo.InvariantCulture));
    }
}

/// <summary>How a process is asked to end.</summary>
public enum StopSignal
{
    /// <summary>PostgreSQL: end the sessions and stop cleanly.</summary>
    Interrupt = Libc.SigInt,

    /// <summary>PostgreSQL: stop at once, recover at the next start.</summary>
    Quit = Libc.SigQuit,

    /// <summary>Cannot be refused.</summary>
    Kill = Libc.SigKill,

    /// <summary>The usual request.</summary>
    Terminate = Libc.SigTerm,

    /// <summary>Does not end it: it stands still until <see cref="Continue"/>.</summary>
    Pause = Libc.SigStop,

    /// <summary>Lets it go on.</summary>
    Continue = Libc.SigCont,
}
