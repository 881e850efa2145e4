using Encryptor;
using Simulation.Running;
using Sotto.Contracts;

namespace Simulation.Sealing;

/// <summary>The queues of the providers: what is in them stays; whether it got there may remain unsaid.</summary>
internal sealed class PushStore(Scheduler scheduler, TimeSpan pushLifetime) : IPushQueues
{
    private readonly Dictionary<Guid, int> _stored = [];
    private readonly Dictionary<Guid, long> _expected = [];

    /// <summary>How likely a provider's part of a batch fails, before or after it is stored.</summary>
    public double Trouble { get; set; }

    /// <summary>True when something happened that can make a push twice.</summary>
    public bool MayRepeat { get; set; }

    public void Expect(Guid pushId, long expiryMilliseconds) => _expected[pushId] = expiryMilliseconds;

    public async Task<UnconfirmedPushes?> PublishAsync(IReadOnlyCollection<EncryptedPush> pushes, CancellationToken cancellationToken)
    {
        var unconfirmed = new List<Guid>();
        foreach (var provider in pushes.GroupBy(push => push.Provider))
        {
            if (!await TryPublishAsync(provider))
                unconfirmed.AddRange(provider.Select(push => push.PushId));
        }

        return unconfirmed.Count == 0 ? null : new UnconfirmedPushes([.. unconfirmed], new TimeoutException());
    }

    private async Task<bool> TryPublishAsync(IEnumerable<EncryptedPush> pushes)
    {
        if (!await TryWaitAsync())
            return false;
        foreach (var push in pushes)
        {
            Store(push);
            // Pushes of one batch go in different frames, and so may be parted.
            if (scheduler.Chance(Trouble / 4))
                return false;
        }

        return await TryWaitAsync();
    }

    /// <summary>A frame is acknowledged: all that was to be made of it must be there.</summary>
    public void CheckThere(IEnumerable<Guid> pushIds)
    {
        if (pushIds.Any(id => !_stored.ContainsKey(id)))
            scheduler.Break("a frame was acknowledged, and a push of it is nowhere");
    }

    /// <summary>All that is here was wanted, and is here once unless something happened.</summary>
    public void Close()
    {
        if (_stored.Keys.Any(id => !_expected.ContainsKey(id)))
            scheduler.Break("a push was made that nobody wanted");
        if (!MayRepeat && _stored.Values.Any(count => count > 1))
            scheduler.Break("a push was made twice, and nothing had happened");
    }

    private void Store(EncryptedPush push)
    {
        _stored[push.PushId] = _stored.GetValueOrDefault(push.PushId) + 1;
        scheduler.Trace.Add(scheduler.Time.Elapsed, $"push {push.PushId} is made");
        var now = scheduler.Time.GetUtcNow();
        if (_expected.TryGetValue(push.PushId, out var expiry) && push.ExpiresAt > DateTimeOffset.FromUnixTimeMilliseconds(expiry))
            scheduler.Break("a push lives longer than its message");
        if (push.ExpiresAt > now + pushLifetime)
            scheduler.Break("a push lives longer than pushes do");
    }

    private async Task<bool> TryWaitAsync()
    {
        await scheduler.Delay(scheduler.Between(0.001, 0.05));
        return !scheduler.Chance(Trouble);
    }
}
