namespace Sotto.Bench;

/// <summary>Processor time in microseconds, by group of processes. The kernel counts in steps of 10 ms.</summary>
internal sealed record CpuUse(IReadOnlyDictionary<string, long> Microseconds);
