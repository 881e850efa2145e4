using System.Collections.Concurrent;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Encryptor;

/// <summary>Where pushes go. Thread-safe.</summary>
internal interface IPushQueues
{
    /// <summary>Completes when it is known of each of them whether it is in its queue. A queue that takes nothing does not undo what the others have taken.</summary>
    /// <returns>Null when all are there; else those that are not, or may be not, and why.</returns>
    public Task<UnconfirmedPushes?> PublishAsync(IReadOnlyCollection<EncryptedPush> pushes, CancellationToken cancellationToken);
}

/// <summary>Pushes that may or may not be in their queues.</summary>
/// <param name="PushIds">Which.</param>
/// <param name="Why">To be thrown when the others have been seen to: these must be made again.</param>
internal sealed record UnconfirmedPushes(Guid[] PushIds, Exception Why);

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
    public async Task<UnconfirmedPushes?> PublishAsync(IReadOnlyCollection<EncryptedPush> pushes, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ConfirmWaitMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var faults = await Task.WhenAll(pushes.GroupBy(push => push.Provider, StringComparer.Ordinal).Select(provider => TryPublishAsync(provider, either.Token)));
        var missing = faults.OfType<UnconfirmedPushes>().ToList();
        if (missing.Count == 0)
            return null;
        var why = missing[0].Why is OperationCanceledException e && patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested
            ? new TimeoutException("The broker does not confirm pushes.", e)
            : missing[0].Why;
        return new UnconfirmedPushes([.. missing.SelectMany(provider => provider.PushIds)], why);
    }

    private async Task<UnconfirmedPushes?> TryPublishAsync(IGrouping<string, EncryptedPush> provider, CancellationToken cancellationToken)
    {
        try
        {
            await Publisher(provider.Key).PublishAsync(provider, cancellationToken);
            return null;
        }
        // Whatever it is, the other providers' pushes are seen to first; then it is thrown.
        catch (Exception e)
        {
            return new UnconfirmedPushes([.. provider.Select(push => push.PushId)], e);
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
