using Microsoft.Extensions.Logging;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Delivery;

/// <summary>Tells the bus what has become of pushes and device tokens; each report completes when the broker has confirmed it. Thread-safe.</summary>
internal sealed class DeliveryReports(
    IPublisher<PushAccepted> accepted, IPublisher<PushExpired> expired, IPublisher<PushDeadLettered> dead, IPublisher<DeviceTokenInvalidated> invalidated, TimeProvider clock)
    : IAsyncDisposable
{
    private const int SmallWeight = 200;

    /// <summary>Reports to everyone on this broker who wants them; dead letters and dead tokens wait for somebody.</summary>
    public static DeliveryReports To(Broker broker, TimeProvider clock, ILogger<DeliveryReports> logger) => new(
        new FramePublisher<PushAccepted>(broker, BusTopology.PushAccepted, mandatory: false, _ => SmallWeight, clock, logger),
        new FramePublisher<PushExpired>(broker, BusTopology.PushExpired, mandatory: false, _ => SmallWeight, clock, logger),
        new FramePublisher<PushDeadLettered>(broker, BusTopology.PushDeadLettered, mandatory: true, letter => Parking.Weigh(letter.Push) + letter.History.Count * Parking.AttemptWeight + SmallWeight, clock, logger),
        new FramePublisher<DeviceTokenInvalidated>(broker, BusTopology.DeviceTokenInvalidated, mandatory: true, _ => SmallWeight, clock, logger),
        clock);

    /// <summary>What is to be said of a push that the provider has taken just now.</summary>
    public PushAccepted Taken(EncryptedPush push) => new() { PushId = push.PushId, Provider = push.Provider, AcceptedAt = clock.GetUtcNow(), Attempts = push.Attempt + 1 };

    /// <summary>The provider has taken these. That remains so whether it can be said or not: being told to stop ends the attempt to, without an exception.</summary>
    public async Task AcceptedAsync(IReadOnlyCollection<PushAccepted> taken, CancellationToken cancellationToken)
    {
        try
        {
            await accepted.PublishAsync(taken, cancellationToken);
        }
        catch (OperationCanceledException)
        {
        }
    }

    public Task ExpiredAsync(EncryptedPush push, CancellationToken cancellationToken)
    {
        var report = new PushExpired { PushId = push.PushId, Provider = push.Provider, ExpiresAt = push.ExpiresAt };
        return expired.PublishAsync(report, cancellationToken);
    }

    public Task DeadLetteredAsync(EncryptedPush push, EncryptedPush tried, string? app, DeliveryOutcome outcome, CancellationToken cancellationToken)
    {
        var report = new PushDeadLettered
        {
            PushId = push.PushId,
            Provider = push.Provider,
            App = app,
            Outcome = outcome.Class,
            Reason = outcome.Reason,
            Attempts = tried.Attempt,
            History = tried.PastAttempts ?? [],
            DeadLetteredAt = clock.GetUtcNow(),
            Push = push,
        };
        return dead.PublishAsync(report, cancellationToken);
    }

    public Task InvalidatedAsync(EncryptedPush push, DateTimeOffset since, string reason, CancellationToken cancellationToken)
    {
        var report = new DeviceTokenInvalidated { Provider = push.Provider, DeviceId = push.DeviceId, InvalidSince = since, Reason = reason };
        return invalidated.PublishAsync(report, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await accepted.DisposeAsync();
        await expired.DisposeAsync();
        await dead.DisposeAsync();
        await invalidated.DisposeAsync();
    }
}
