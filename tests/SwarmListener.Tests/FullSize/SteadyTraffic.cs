using Sotto.FakeSwarm;
using Sotto.TestSupport;
using SwarmListener.Tests.Service;

namespace SwarmListener.Tests.FullSize;

/// <summary>Messages for one account after the other, a hundred a second, each of them written down.</summary>
internal sealed class SteadyTraffic : IAsyncDisposable
{
    /// <summary>
    /// Copies that must be under way for a message to count: one node may be restarted with its copy in hand, and another may just be learning who we
    /// are.
    /// </summary>
    public const int CopiesMin = 3;

    private const int MessagesAtOnce = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly FakeSwarmNetwork _swarm;
    private readonly IReadOnlyList<byte[]> _accounts;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<StoredMessage> _stored = [];
    private readonly Task _loop;
    private bool _isDisposed;

    public SteadyTraffic(FakeSwarmNetwork swarm, IReadOnlyList<byte[]> accounts)
    {
        (_swarm, _accounts) = (swarm, accounts);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Stops, and waits until all that counts has arrived. Returns the hashes.</summary>
    public async Task<IReadOnlyList<string>> AllArrivedAsync(ArrivalReader arrivals, TimeSpan within)
    {
        await DisposeAsync();
        var hashes = _stored.Where(message => message.Copies >= CopiesMin).Select(message => message.Hash).ToList();
        await Eventually.BecomesTrueAsync(
            () => hashes.TrueForAll(hash => arrivals.CountOf(hash) > 0), within, $"all of {hashes.Count} messages arrived");
        return hashes;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task LoopAsync()
    {
        var next = 0;
        while (!_stopping.IsCancellationRequested)
        {
            for (var i = 0; i < MessagesAtOnce; i++)
                _stored.Add(_swarm.Store(_accounts[next++ % _accounts.Count], 0, "ciphertext"u8.ToArray()));
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }
    }
}
