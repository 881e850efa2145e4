using Microsoft.Extensions.Logging;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Delivery;

/// <summary>Tells the bus what has become of pushes and device tokens; each report completes when the broker has confirmed it. Thread-safe.</summary>
internal sealed class DeliveryReports(Broker broker, TimeProvider clock, ILogger<DeliveryReports> logger) : IAsyncDisposable
{
    private const int SmallWeight = 200;

    private readonly FramePublisher<PushAccepted> _accepted = new(broker, BusTopology.PushAccepted, mandatory: false, _ => SmallWeight, clock, logger);
    private readonly FramePublisher<PushExpired> _expired = new(broker, BusTopology.PushExpired, mandatory: false, _ => SmallWeight, clock, logger);
    private readonly FramePublisher<PushDeadLettered> _dead =
        new(broker, BusTopology.PushDeadLettered, mandatory: true, letter => Parking.Weigh(letter.Push) + letter.History.Count * Parking.AttemptWeight + SmallWeight, clock, logger);

    private readonly FramePublisher<DeviceTokenInvalidated> _invalidated =
        new(broker, BusTopology.DeviceTokenInvalidated, mandatory: true, _ => SmallWeight, clock, logger);

    public Task AcceptedAsync(EncryptedPush push, CancellationToken cancellationToken)
    {
        var report = new PushAccepted { PushId = push.PushId, Provider = push.Provider, AcceptedAt = clock.GetUtcNow(), Attempts = push.Attempt + 1 };
        return _accepted.PublishAsync(report, cancellationToken);
    }

    public Task ExpiredAsync(EncryptedPush push, CancellationToken cancellationToken)
    {
        var report = new PushExpired { PushId = push.PushId, Provider = push.Provider, ExpiresAt = push.ExpiresAt };
        return _expired.PublishAsync(report, cancellationToken);
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
        return _dead.PublishAsync(report, cancellationToken);
    }

    public Task InvalidatedAsync(EncryptedPush push, DateTimeOffset since, string reason, CancellationToken cancellationToken)
    {
        var report = new DeviceTokenInvalidated { Provider = push.Provider, DeviceId = push.DeviceId, InvalidSince = since, Reason = reason };
        return _invalidated.PublishAsync(report, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _accepted.DisposeAsync();
        await _expired.DisposeAsync();
        await _dead.DisposeAsync();
        await _invalidated.DisposeAsync();
    }
}
