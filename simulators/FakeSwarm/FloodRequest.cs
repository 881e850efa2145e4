namespace Sotto.FakeSwarm;

/// <param name="Count">Messages.</param>
/// <param name="Copies">Notifications on their way or arrived.</param>
/// <param name="ElapsedMilliseconds">How long it took.</param>
public sealed record FloodResult(int Count, long Copies, double ElapsedMilliseconds);

/// <summary>Messages for the accounts in turn.</summary>
public sealed record FloodRequest
{
    public const int CountMax = 10_000_000;
    public const double PerSecondMax = 200_000;

    public required int Count { get; init; }

    public double PerSecond { get; init; } = PerSecondMax;

    public required IReadOnlyList<byte[]> Accounts { get; init; }

    public short Namespace { get; init; }

    public int DataBytes { get; init; } = 100;

    /// <summary>At most so many members of the swarm notify of one message.</summary>
    public int CopiesPerMessageMax { get; init; } = int.MaxValue;

    /// <summary>
    /// A file that gets a line for each message: when it was due by the rate, in unix microseconds, whether or not the flood could keep up; the account in hex; the hash.
    /// Null for none.
    /// </summary>
    public string? JournalFile { get; init; }

    internal void Check()
    {
        Limits.Require(Count is > 0 and <= CountMax, "A flood has 1 to 10,000,000 messages.");
        Limits.Require(PerSecond is > 0 and <= PerSecondMax, "A flood has at most 200,000 messages a second, and some.");
        Limits.Require(DataBytes is >= 0 and <= FakeSwarmNetwork.DataBytesMax, "A body has at most 76,800 bytes.");
        Limits.Require(CopiesPerMessageMax > 0, "A message has at least one copy.");
        Limits.Require(Accounts.Count > 0, "A flood needs accounts.");
        Limits.Require(Accounts.All(account => account.Length == Limits.AccountBytes), "An account has 33 bytes.");
    }
}
