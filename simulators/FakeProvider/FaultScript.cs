namespace Sotto.FakeProvider;

/// <summary>The faults that wait. Each request takes the first that fits it; a list of single ones is a script, first in first out. Thread-safe.</summary>
public sealed class FaultScript(TimeProvider clock)
{
    /// <summary>More waiting faults than this are refused.</summary>
    public const int WaitingMax = 100_000;

    private readonly Lock gate = new();
    private readonly LinkedList<Waiting> waiting = [];
    private volatile bool any;

    /// <summary>Faults that are not used up.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return waiting.Count;
        }
    }

    /// <summary>Appends faults.</summary>
    public void Add(params IReadOnlyList<Fault> faults)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (waiting.Count + faults.Count > WaitingMax)
                throw new InvalidOperationException($"At most {WaitingMax} faults can wait.");
            foreach (var fault in faults)
                waiting.AddLast(new Waiting(fault, now));
            any = waiting.Count > 0;
        }
    }

    /// <summary>Forgets them all.</summary>
    public void Clear()
    {
        lock (gate)
        {
            waiting.Clear();
            any = false;
        }
    }

    internal Fault? Take(string path, IReadOnlyList<string> tokens) =>
        any ? Take(fault => Fits(fault, path, tokens)) : null;

    internal bool TakeRefusal() => any && Take(fault => fault is { Kind: FaultKind.Refuse, Token: null, Path: null }) is not null;

    private static bool Fits(Fault fault, string path, IReadOnlyList<string> tokens) =>
        (fault.Path is null || path.Contains(fault.Path, StringComparison.Ordinal))
        && (fault.Token is null || tokens.Contains(fault.Token, StringComparer.Ordinal));

    private Fault? Take(Predicate<Fault> fits)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            for (var node = waiting.First; node is not null;)
            {
                var (current, next) = (node.Value, node.Next);
                if (current.HasEnded(now))
                    waiting.Remove(node);
                else if (current.HasBegun(now) && fits(current.Fault) && current.Use())
                    return Leave(node);
                node = next;
            }

            any = waiting.Count > 0;
            return null;
        }
    }

    private Fault Leave(LinkedListNode<Waiting> node)
    {
        if (node.Value.IsUsedUp)
            waiting.Remove(node);
        any = waiting.Count > 0;
        return node.Value.Fault;
    }

    private sealed class Waiting(Fault fault, DateTimeOffset added)
    {
        private readonly DateTimeOffset begin = added.AddMilliseconds(fault.AfterMs);
        private int skip = fault.Skip;
        private int used;

        public Fault Fault => fault;

        public bool IsUsedUp => fault.Count > 0 && used >= fault.Count;

        public bool HasBegun(DateTimeOffset now) => now >= begin;

        public bool HasEnded(DateTimeOffset now) => fault.ForMs is { } length && now >= begin.AddMilliseconds(length);

        public bool Use()
        {
            if (fault.Probability < 1 && Random.Shared.NextDouble() >= fault.Probability)
                return false;
            if (skip > 0)
            {
                skip--;
                return false;
            }

            used++;
            return true;
        }
    }
}
