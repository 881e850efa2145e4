namespace Sotto.Bench.Measuring;

/// <summary>Counts the processor time of groups of processes from its making on.</summary>
internal sealed class CpuMeter(IReadOnlyDictionary<string, int[]> processes)
{
    private readonly Dictionary<string, long> _before = processes.ToDictionary(group => group.Key, group => ProcessTree.CpuMicroseconds(group.Value), StringComparer.Ordinal);

    /// <summary>What each group has used since.</summary>
    public CpuUse Read() =>
        new(processes.ToDictionary(group => group.Key, group => ProcessTree.CpuMicroseconds(group.Value) - _before[group.Key], StringComparer.Ordinal));
}
