using System.Collections.Concurrent;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Encryptor;

/// <summary>Where pushes go. Thread-safe.</summary>
internal interface IPushQueues
{
    /// <summary>Completes when all of them are in their queues.</summary>
    /// <exception cref="TimeoutException">That is not known; each of them may or may not be there.</exception>
    public Task PublishAsync(IReadOnlyCollection<EncryptedPush> pushes, CancellationToken cancellationToken);
}

/// <summary>Puts pushes into the queues of their providers. A queue is declared at its first push, so that pushes wait there for a sender that has never run. Thread-safe.</summary>
internal sealed class PushQueues(Broker broker, TimeProvider clock, ILogger<PushQueues> logger) : IPushQueues, IAsyncDisposable
{
    /// <summary>Most providers; their names come with subscriptions.</summary>
    public const int ProvidersMax = 64;

    /// <summary>
    /// How long the broker's confirm is waited for: less than the two minutes after which the database takes our transaction for abandoned. Then everything is done again.
    /// </summary>
    public static readonly TimeSpan ConfirmWaitMax = TimeSpan.FromSeconds(60);

    // Ids, times and names of a push, written as JSON.
    private const int FixedWeight = 400;

    private readonly ConcurrentDictionary<string, Lazy<FramePublisher<EncryptedPush>>> _publishers = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task PublishAsync(IReadOnlyCollection<EncryptedPush> pushes, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ConfirmWaitMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await Task.WhenAll(pushes.GroupBy(push => push.Provider, StringComparer.Ordinal)
                .Select(provider => Publisher(provider.Key).PublishAsync(provider, either.Token)));
        }
        catch (OperationCanceledException e) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The broker does not confirm pushes.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in _publishers.Values)
            await publisher.Value.DisposeAsync();
    }

    private FramePublisher<EncryptedPush> Publisher(string provider)
    {
        if (_publishers.TryGetValue(provider, out var present))
            return present.Value;
        if (_publishers.Count >= ProvidersMax)
            throw new InvalidOperationException($"There are subscriptions for more than {ProvidersMax} providers.");
        return _publishers.GetOrAdd(provider, name => new Lazy<FramePublisher<EncryptedPush>>(() => new FramePublisher<EncryptedPush>(
            broker,
            Provider.PushQueue(name),
            mandatory: true,
            push => FixedWeight + push.Payload.Length + push.SealedDeviceToken.Length,
            clock,
            logger,
            (channel, cancellationToken) => broker.DeclarePushQueueAsync(channel, name, cancellationToken)))).Value;
    }
}
