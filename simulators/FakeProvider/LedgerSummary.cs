namespace Sotto.FakeProvider;

/// <summary>The ledger's counts at one moment.</summary>
public sealed record LedgerSummary
{
    /// <summary>Requests that were judged or met a fault.</summary>
    public required long Requests { get; init; }

    /// <summary>Notifications taken: one per device, repeated ones included.</summary>
    public required long Accepted { get; init; }

    /// <summary>Notifications taken, repeated ones counted once.</summary>
    public required long Distinct { get; init; }

    /// <summary>Notifications taken again: same device, same content.</summary>
    public long Duplicates => Accepted - Distinct;

    /// <summary>False once more distinct notifications came than can be told apart; <see cref="Distinct"/> is then too high.</summary>
    public required bool Exact { get; init; }

    /// <summary>Refusals by the vendor's word.</summary>
    public required IReadOnlyDictionary<string, long> Refused { get; init; }

    /// <summary>Answers by HTTP status; 0 for none.</summary>
    public required IReadOnlyDictionary<int, long> Statuses { get; init; }

    /// <summary>Scripted faults that acted.</summary>
    public required IReadOnlyDictionary<FaultKind, long> Faults { get; init; }

    /// <summary>Devices that were sent at least one notification.</summary>
    public required long Devices { get; init; }

    /// <summary>Ids of notifications that were taken more than once, with how often; at most <see cref="Ledger.RepeatedMax"/> of them.</summary>
    public required IReadOnlyDictionary<string, int> Repeated { get; init; }
}
