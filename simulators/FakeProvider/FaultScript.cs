namespace Sotto.FakeProvider;

/// <summary>The faults that wait. Each request takes the first that fits it; a list of single ones is a script, first in first out. Thread-safe.</summary>
public sealed class FaultScript(TimeProvider clock)
{
    /// <summary>More waiting faults than this are refused.</summary>
    public const int WaitingMax = 100_000;

    private readonly Lock _gate = new();
    private readonly LinkedList<Waiting> _waiting = [];
    private volatile bool _any;

    /// <summary>Faults that are not used up.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <summary>Appends faults.</summary>
    public void Add(params IReadOnlyList<Fault> faults)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            if (_waiting.Count + faults.Count > WaitingMax)
                throw new InvalidOperationException($"At most {WaitingMax} faults can wait.");
            foreach (var fault in faults)
                _waiting.AddLast(new Waiting(fault, now));
            _any = _waiting.Count > 0;
        }
    }

    /// <summary>Forgets them all.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _waiting.Clear();
            _any = false;
        }
    }

    internal Fault? Take(string path, IReadOnlyList<string> tokens) =>
        _any ? Take(fault => Fits(fault, path, tokens)) : null;

    // A connection has neither device nor path.
    internal bool TakeForConnection(FaultKind kind) => _any && Take(fault => fault is { Token: null, Path: null } && fault.Kind == kind) is not null;

    private static bool Fits(Fault fault, string path, IReadOnlyList<string> tokens) =>
        (fault.Path is null || path.Contains(fault.Path, StringComparison.Ordinal))
        && (fault.Token is null || tokens.Contains(fault.Token, StringComparer.Ordinal));

    private Fault? Take(Predicate<Fault> fits)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            for (var node = _waiting.First; node is not null;)
            {
                var (current, next) = (node.Value, node.Next);
                if (current.HasEnded(now))
                    _waiting.Remove(node);
                else if (current.HasBegun(now) && fits(current.Fault) && current.Use())
                    return Leave(node);
                node = next;
            }

            _any = _waiting.Count > 0;
            return null;
        }
    }

    private Fault Leave(LinkedListNode<Waiting> node)
    {
        if (node.Value.IsUsedUp)
            _waiting.Remove(node);
        _any = _waiting.Count > 0;
        return node.Value.Fault;
    }

    private sealed class Waiting(Fault fault, DateTimeOffset added)
    {
        private readonly DateTimeOffset _begin = added.AddMilliseconds(fault.AfterMs);
        private int _skip = fault.Skip;
        private int _used;

        public Fault Fault => fault;

        public bool IsUsedUp => fault.Count > 0 && _used >= fault.Count;

        public bool HasBegun(DateTimeOffset now) => now >= _begin;

        public bool HasEnded(DateTimeOffset now) => fault.ForMs is { } length && now >= _begin.AddMilliseconds(length);

        public bool Use()
        {
            if (fault.Probability < 1 && Random.Shared.NextDouble() >= fault.Probability)
                return false;
            if (_skip > 0)
            {
                _skip--;
                return false;
            }

            _used++;
            return true;
        }
    }
}
