using System.Globalization;

namespace Sotto.Bench.Measuring;

/// <summary>What <c>/proc</c> says of a process and of those that it started.</summary>
internal static class ProcessTree
{
    // Linux's own, since 2.6: sysconf(_SC_CLK_TCK).
    private const long TicksPerSecond = 100;
    private const long MicrosecondsPerTick = 1_000_000 / TicksPerSecond;

    /// <summary>Processor time of these processes and of all that descend from them, those that have ended included.</summary>
    public static long CpuMicroseconds(IEnumerable<int> roots) => Tree(roots).Sum(process => process.Ticks) * MicrosecondsPerTick;

    /// <summary>Resident bytes of these processes and of all that descend from them.</summary>
    public static long ResidentBytes(IEnumerable<int> roots) => Tree(roots).Sum(process => ResidentBytes(process.Pid));

    /// <summary>Resident bytes of one process; 0 when it has gone.</summary>
    public static long ResidentBytes(int pid) => KilobytesOf($"/proc/{pid}/status", "VmRSS:") * 1024;

    /// <summary>Resident bytes of one process, of what it shares with others only its part; 0 when it has gone.</summary>
    public static long ProportionalBytes(int pid) => KilobytesOf($"/proc/{pid}/smaps_rollup", "Pss:") * 1024;

    private static List<(int Pid, int Parent, long Ticks)> Tree(IEnumerable<int> roots)
    {
        var all = Read();
        var children = all.Values.ToLookup(process => process.Parent, process => process.Pid);
        var waiting = new Stack<int>(roots);
        var seen = new HashSet<int>();
        var tree = new List<(int Pid, int Parent, long Ticks)>();
        while (waiting.TryPop(out var pid))
        {
            if (!seen.Add(pid) || !all.TryGetValue(pid, out var process))
                continue;
            tree.Add(process);
            foreach (var child in children[pid])
                waiting.Push(child);
        }

        return tree;
    }

    private static long KilobytesOf(string file, string label)
    {
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(label, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line[label.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static Dictionary<int, (int Pid, int Parent, long Ticks)> Read()
    {
        var found = new Dictionary<int, (int, int, long)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && ReadOne(pid) is { } process)
                found[pid] = process;
        }

        return found;
    }

    private static (int Pid, int Parent, long Ticks)? ReadOne(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The name in brackets may hold anything. After it: state, parent, ... utime (14), stime, cutime, cstime (17).
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
            return (pid, int.Parse(fields[1], CultureInfo.InvariantCulture), ticks);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
