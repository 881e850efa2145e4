using System.Runtime.CompilerServices;
using Encryptor;
using Encryptor.Storage;
using Simulation.Running;

namespace Simulation.Sealing;

/// <summary>
/// The database as Encryptors see it: who claims a push that another claims waits for that one's end; a claim ends with its transaction, or a while
/// after its process died; two sets of made pushes take turns. May break before or after it has committed.
/// </summary>
internal sealed class ClaimDatabase(Scheduler scheduler, IReadOnlyList<Subscription> subscriptions, TimeSpan window)
{
    /// <summary>What the window's statement says, and <see cref="ClaimAsync"/> does: a test compares them.</summary>
    public static readonly string[] StatementsOfTheWindow = ["WHERE NOT EXISTS (SELECT FROM earlier_pushes WHERE push_id = id)", "ON CONFLICT DO NOTHING", "TRUNCATE earlier_pushes;"];

    /// <summary>And what says who is woken, as <see cref="Matches"/> does.</summary>
    public static readonly string[] StatementsOfMatching = ["s.account = m.account AND NOT s.withdrawn", "WHERE m.namespace = ANY (s.namespaces) AND s.expires_at > $3"];

    private readonly Dictionary<Guid, Claim> _open = [];
    private HashSet<Guid> _recent = [];
    private HashSet<Guid> _earlier = [];
    private DateTimeOffset _beganAt = scheduler.Time.GetUtcNow();
    private int _transactions;

    /// <summary>How likely each statement fails.</summary>
    public double Trouble { get; set; }

    /// <summary>Begins a new window when it is time and nobody is in the middle of anything; else it is tried again later.</summary>
    public void Rotate()
    {
        if (scheduler.Time.GetUtcNow() - _beganAt < window || _transactions > 0)
            return;
        (_earlier, _recent) = (_recent, []);
        _beganAt = scheduler.Time.GetUtcNow();
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"a new window begins");
    }

    public ISubscribers Subscribers() => new Reader(this);

    public IDuplicateWindow Window(Process process) => new ClaimWindow(this, process);

    public static bool Matches(Subscription subscription, in ArrivedMessage message, DateTimeOffset now) =>
        message.Swarm.Account == subscription.Account && subscription.Namespaces.Contains(message.Swarm.Namespace) && subscription.ExpiresAt > now;

    private async Task<IPushClaim> ClaimAsync(Process process, Guid[] pushIds)
    {
        await scheduler.Delay(scheduler.Between(0.001, 0.005));
        Break();
        var claim = new Claim(this);
        process.Died += () => scheduler.After(scheduler.Between(0, 2), claim.End);
        _transactions++;
        try
        {
            foreach (var id in pushIds)
            {
                while (_open.TryGetValue(id, out var other))
                    await other.Ended;
                if (_earlier.Contains(id) || _recent.Contains(id))
                    continue;
                _open.Add(id, claim);
                claim.Add(id);
            }

            await scheduler.Delay(scheduler.Between(0.001, 0.005));
            Break();
            return claim;
        }
        catch
        {
            claim.End();
            throw;
        }
    }

    private void Break()
    {
        if (scheduler.Chance(Trouble))
            throw new IOException("the database is away");
    }

    private sealed class ClaimWindow(ClaimDatabase database, Process process) : IDuplicateWindow
    {
        public Task<IPushClaim> ClaimAsync(Guid[] pushIds, CancellationToken cancellationToken) => database.ClaimAsync(process, pushIds);
    }

    private sealed class Reader(ClaimDatabase database) : ISubscribers
    {
        public async IAsyncEnumerable<MatchedSubscription> MatchAsync(
            IReadOnlyList<ArrivedMessage> messages, DateTimeOffset now, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            database.Break();
            for (var i = 0; i < messages.Count; i++)
            {
                foreach (var subscription in database.Subscriptions.Where(subscription => Matches(subscription, messages[i], now)))
                    yield return subscription.Match(i);
            }

            await Task.CompletedTask;
        }
    }

    private IReadOnlyList<Subscription> Subscriptions => subscriptions;

    private sealed class Claim(ClaimDatabase database) : IPushClaim
    {
        private readonly HashSet<Guid> _ids = [];
        private readonly HashSet<Guid> _givenBack = [];
        private readonly TaskCompletionSource _ended = new();
        private bool _isOver;

        public IReadOnlySet<Guid> PushIds => _ids;

        public Task Ended => _ended.Task;

        public void Add(Guid id) => _ids.Add(id);

        public async Task GiveBackAsync(Guid[] pushIds, CancellationToken cancellationToken)
        {
            await database.Delay();
            database.Break();
            if (!_isOver)
                _givenBack.UnionWith(pushIds);
        }

        public async Task CommitAsync(CancellationToken cancellationToken)
        {
            await database.Delay();
            database.Break();
            if (!_isOver)
                database._recent.UnionWith(_ids.Except(_givenBack));
            End();
            await database.Delay();
            database.Break();
        }

        public ValueTask DisposeAsync()
        {
            End();
            return ValueTask.CompletedTask;
        }

        public void End()
        {
            if (_isOver)
                return;
            _isOver = true;
            database._transactions--;
            foreach (var id in _ids)
                database._open.Remove(id);
            _ended.SetResult();
        }
    }

    private Task Delay() => scheduler.Delay(scheduler.Between(0.001, 0.005));
}
