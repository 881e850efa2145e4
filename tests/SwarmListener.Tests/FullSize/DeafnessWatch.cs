using Sotto.FakeSwarm;

namespace SwarmListener.Tests.FullSize;

/// <summary>
/// Looks at every account again and again, and remembers the longest time for which no node of its swarm would have told of a message. As long as the
/// slowest look is short, nothing escapes it.
/// </summary>
internal sealed class DeafnessWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly FakeSwarmNetwork _swarm;
    private readonly IReadOnlyList<byte[]> _accounts;
    private readonly long[] _deafSince;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;
    private volatile IReadOnlySet<string>? _ears;
    private long _longest;

    public DeafnessWatch(FakeSwarmNetwork swarm, IReadOnlyList<byte[]> accounts)
    {
        (_swarm, _accounts, _deafSince) = (swarm, accounts, new long[accounts.Count]);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>The longest that any account was deaf, those that still are included.</summary>
    public TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longest));

    /// <summary>From now on only these connections count, by their routing ids: the others belong to a process that is gone.</summary>
    public void CountOnly(IEnumerable<string> routingIds) => _ears = routingIds.ToHashSet(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
        TestContext.Progress.WriteLine($"The longest that an account was deaf: {Longest.TotalSeconds:0.00} s.");
    }

    private async Task LoopAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Look();
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private void Look()
    {
        var clock = TimeProvider.System;
        for (var i = 0; i < _accounts.Count; i++)
        {
            if (_swarm.TellersOf(_accounts[i], _ears) > 0)
                _deafSince[i] = 0;
            else if (_deafSince[i] == 0)
                _deafSince[i] = clock.GetTimestamp();
            else
                Interlocked.Exchange(ref _longest, Math.Max(_longest, clock.GetElapsedTime(_deafSince[i]).Ticks));
        }
    }
}
