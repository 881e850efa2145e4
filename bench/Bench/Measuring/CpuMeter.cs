namespace Sotto.Bench.Measuring;

/// <summary>Counts the processor time of groups of processes from its making on.</summary>
/// <param name="processes">Groups by name: these processes and all that descend from them.</param>
/// <param name="own">A name for this process alone, when it plays a part: everything else descends from it, so it is no group.</param>
internal sealed class CpuMeter(IReadOnlyDictionary<string, int[]> processes, string? own = null)
{
    private readonly Dictionary<string, long> _before = Look(processes, own);

    /// <summary>What each group has used since.</summary>
    public CpuUse Read() => new(Look(processes, own).ToDictionary(group => group.Key, group => group.Value - _before[group.Key], StringComparer.Ordinal));

    private static Dictionary<string, long> Look(IReadOnlyDictionary<string, int[]> processes, string? own)
    {
        var use = processes.ToDictionary(group => group.Key, group => ProcessTree.CpuMicroseconds(group.Value), StringComparer.Ordinal);
        if (own is not null)
            use.Add(own, (long)Environment.CpuUsage.TotalTime.TotalMicroseconds);
        return use;
    }
}
