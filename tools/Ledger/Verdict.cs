namespace Sotto.Ledger;

/// <summary>What became of every push of a run.</summary>
public sealed record Verdict
{
    /// <summary>Pushes promised.</summary>
    public required int Accepted { get; init; }

    /// <summary>Promised pushes that a provider took, each counted once.</summary>
    public required int Delivered { get; init; }

    /// <summary>Promised pushes whose time was over before a provider took them.</summary>
    public required int Expired { get; init; }

    /// <summary>Promised pushes that a newer one made worthless.</summary>
    public required int Superseded { get; init; }

    /// <summary>Promised pushes given up, each with its reason.</summary>
    public required int DeadLettered { get; init; }

    /// <summary>Promised pushes still in a queue.</summary>
    public required int Waiting { get; init; }

    /// <summary>Promised pushes of which nothing is known: the promise broken.</summary>
    public required int Lost { get; init; }

    /// <summary>Handovers beyond the first of a promised push.</summary>
    public required int Duplicated { get; init; }

    /// <summary>Of <see cref="Duplicated"/>, those that no disturbance and no lost answer accounts for.</summary>
    public required int Unexcused { get; init; }

    /// <summary>Handovers that nobody was promised, or that the device could not read.</summary>
    public required int Misdirected { get; init; }

    /// <summary>Handovers after the push's own expiry.</summary>
    public required int Late { get; init; }

    /// <summary>Some of the lost; at most <see cref="LedgerChecker.NamedMax"/>.</summary>
    public required IReadOnlyList<PushKey> LostKeys { get; init; }

    /// <summary>Some of the duplicated.</summary>
    public required IReadOnlyList<PushKey> DuplicatedKeys { get; init; }

    /// <summary>Some of the unexcused.</summary>
    public required IReadOnlyList<PushKey> UnexcusedKeys { get; init; }

    /// <summary>Some of the misdirected.</summary>
    public required IReadOnlyList<PushKey> MisdirectedKeys { get; init; }

    /// <summary>Some of the late.</summary>
    public required IReadOnlyList<PushKey> LateKeys { get; init; }

    /// <summary>True when the promise was kept and nothing went astray: nothing lost, misdirected or late, and no more duplicates than allowed.</summary>
    public bool Holds(int duplicatesAllowed) => Lost == 0 && Misdirected == 0 && Late == 0 && Duplicated <= duplicatesAllowed;

    /// <summary>True when every promise was kept and has come to its end, and nothing came twice for no reason.</summary>
    public bool Balances => Lost == 0 && Misdirected == 0 && Late == 0 && Waiting == 0 && Unexcused == 0;
}
