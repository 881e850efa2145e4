namespace Sotto.FakeSwarm.Control;

/// <summary>What <c>POST /faults</c> may ask for.</summary>
internal enum FaultKind
{
    Drop,
    Delay,
    Silence,
    Speak,
    Restart,
    Down,
    Up,
    HideAddress,
    ShowAddress,
    Lie,
    Split,
    Merge,
    Move,
    Block,
    LoseBlocks,
    AnnounceBlocks,
    OxendDown,
    OxendUp,
}

/// <summary>One order. Which members a kind needs stands in the README.</summary>
internal sealed record FaultOrder
{
    public required FaultKind Kind { get; init; }

    /// <summary>The node's index; absent for all nodes.</summary>
    public int? Node { get; init; }

    public double? Rate { get; init; }

    public int? Milliseconds { get; init; }

    public LieKind? Lie { get; init; }

    public int Count { get; init; } = 1;

    public ulong? Swarm { get; init; }

    public ulong? From { get; init; }
}
