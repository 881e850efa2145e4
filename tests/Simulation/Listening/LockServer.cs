using Simulation.Running;
using SwarmListener.Buckets;

namespace Simulation.Listening;

/// <summary>
/// The database's advisory locks: a bucket has one holder; a session that ends gives up what it holds, at once when its process ended in order or
/// crashed, and after some seconds when its line was cut.
/// </summary>
internal sealed class LockServer(Scheduler scheduler)
{
    // Two seconds of silence and three probes of two seconds: BucketLocks asks for these.
    private const double NoticeSecondsMax = 8;

    private readonly List<Session> _sessions = [];

    // Looked at every second, and changed seldom.
    private HashSet<byte>? _held;

    /// <summary>Who holds a bucket; null when nobody does.</summary>
    public Process? HolderOf(byte bucket) => _sessions.Find(session => session.Held.Contains(bucket))?.Owner;

    /// <summary>How many buckets each session holds.</summary>
    public IReadOnlyList<int> Shares => [.. _sessions.Select(session => session.Held.Count)];

    public async Task<IBucketLocks> OpenAsync(Process owner)
    {
        await Wait();
        if (_sessions.Exists(other => other.Owner == owner))
            throw new KeyTakenException();
        var session = new Session(this, owner);
        _sessions.Add(session);
        owner.Died += () => scheduler.After(scheduler.Between(0, 1), () => Remove(session));
        return session;
    }

    /// <summary>Cuts a process off; the database notices later than it does.</summary>
    public void Cut(Process owner)
    {
        foreach (var session in _sessions.Where(session => session.Owner == owner))
        {
            session.IsCut = true;
            scheduler.After(scheduler.Between(0, NoticeSecondsMax), () => Remove(session));
        }
    }

    private void Remove(Session session)
    {
        _sessions.Remove(session);
        _held = null;
    }

    private Task Wait() => scheduler.Delay(scheduler.Between(0.001, 0.02));

    private sealed class Session(LockServer server, Process owner) : IBucketLocks
    {
        private bool _isPresent = true;
        private HashSet<byte>? _mine;

        public Process Owner => owner;

        public HashSet<byte> Held { get; } = [];

        public bool IsCut { get; set; }

        public async Task<LockView> LookAsync(CancellationToken cancellationToken)
        {
            await AskAsync();
            server._held ??= [.. server._sessions.SelectMany(session => session.Held)];
            _mine ??= [.. Held];
            return new LockView(server._sessions.Count(session => session._isPresent), _mine, server._held);
        }

        public async Task<IReadOnlyList<byte>> TryTakeAsync(IReadOnlyCollection<byte> buckets, CancellationToken cancellationToken)
        {
            await AskAsync();
            var taken = buckets.Where(bucket => server.HolderOf(bucket) is null).ToList();
            Held.UnionWith(taken);
            Changed();
            return taken;
        }

        public async Task ReleaseAsync(IReadOnlyCollection<byte> buckets, CancellationToken cancellationToken)
        {
            await AskAsync();
            Held.ExceptWith(buckets);
            Changed();
        }

        public async Task ReleaseAllAsync(CancellationToken cancellationToken)
        {
            await AskAsync();
            Held.Clear();
            Changed();
            _isPresent = false;
        }

        public ValueTask DisposeAsync()
        {
            if (!IsCut)
                server.Remove(this);
            return ValueTask.CompletedTask;
        }

        private void Changed() => (_mine, server._held) = (null, null);

        private async Task AskAsync()
        {
            await server.Wait();
            if (IsCut)
                throw new InvalidOperationException("the line is cut");
        }
    }
}
