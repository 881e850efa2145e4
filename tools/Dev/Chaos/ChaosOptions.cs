namespace Sotto.Dev.Chaos;

/// <summary>What was asked for.</summary>
internal sealed record ChaosOptions
{
    public required int Seed { get; init; }

    /// <summary>Message times subscribed device; at least so many are stored for.</summary>
    public required int Pushes { get; init; }

    public required int Faults { get; init; }

    /// <summary>Within this everything is over, the draining included.</summary>
    public required TimeSpan TimeMax { get; init; }

    /// <summary>Whether secrets are looked for afterwards.</summary>
    public required bool Scan { get; init; }

    /// <summary>Kinds of faults to choose from; empty for all.</summary>
    public IReadOnlyList<FaultKind> Only { get; init; } = [];

    /// <summary>Where the system keeps its files.</summary>
    public required string Folder { get; init; }
}
