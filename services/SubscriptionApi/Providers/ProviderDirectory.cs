using Sotto.Contracts;
using Sotto.Hosting.Bus;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Providers;

/// <summary>
/// Which providers are served at this moment: there is a public key of the sender, and somebody consumes from the queue of its requests. The broker is asked at
/// most once in a while for each provider, whatever clients send.
/// </summary>
internal sealed class ProviderDirectory(SealingKeys keys, Broker broker, TimeProvider clock)
{
    /// <summary>How long a provider counts as served after it was seen.</summary>
    public static readonly TimeSpan PresentFor = TimeSpan.FromSeconds(1);

    /// <summary>How long a provider counts as not served after it was not seen, or the broker could not be asked.</summary>
    public static readonly TimeSpan AbsentFor = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();

    // Holds names of key files only, so it is as small as their folder.
    private readonly Dictionary<string, Look> _looks = new(StringComparer.Ordinal);

    /// <summary>The answer when nobody serves the provider; it repeats the name only where that is a name.</summary>
    public static ItemAnswer NotAvailable(string provider) => ItemAnswer.Refusal(
        ErrorCode.ServiceNotAvailable,
        Provider.IsWellFormed(provider) ? $"{provider} notification service not currently available" : "This notification service is not available");

    /// <summary>True when there is a sender to ask.</summary>
    public async ValueTask<bool> IsServedAsync(string provider, CancellationToken cancellationToken) =>
        keys.Find(provider) is not null && await LookFor(provider).WaitAsync(cancellationToken);

    /// <summary>Looks again at the next request: the queue was seen to be gone.</summary>
    public void Forget(string provider)
    {
        lock (_gate)
            _looks.Remove(provider);
    }

    // Everyone who asks while the broker is being asked waits for the same answer.
    private Task<bool> LookFor(string provider)
    {
        lock (_gate)
        {
            if (!_looks.TryGetValue(provider, out var look) || look.IsStale())
                _looks[provider] = look = new Look(broker, clock, Provider.ValidationQueue(provider));
            return look.Present;
        }
    }

    private sealed class Look
    {
        private readonly TimeProvider _clock;
        private long _answeredAt;

        public Look(Broker broker, TimeProvider clock, string queue)
        {
            _clock = clock;
            Present = Task.Run(() => AskAsync(broker, queue));
        }

        public Task<bool> Present { get; }

        public bool IsStale() =>
            Volatile.Read(ref _answeredAt) is not 0 and var answeredAt
            && _clock.GetElapsedTime(answeredAt) >= (Present is { IsCompletedSuccessfully: true, Result: true } ? PresentFor : AbsentFor);

        private async Task<bool> AskAsync(Broker broker, string queue)
        {
            using var timeout = new CancellationTokenSource(LookTimeout);
            try
            {
                return await broker.HasConsumerAsync(queue, timeout.Token);
            }
            finally
            {
                Volatile.Write(ref _answeredAt, _clock.GetTimestamp());
            }
        }
    }
}
