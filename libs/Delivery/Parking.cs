using Microsoft.Extensions.Logging;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Delivery;

/// <summary>Puts pushes of one provider where the broker keeps them for a while and then returns them to their queue. Thread-safe.</summary>
/// <param name="ladder">For how long.</param>
/// <param name="publisherOf">Publishes to the queue of a rung.</param>
internal sealed class Parking(ParkingLadder ladder, Func<TimeSpan, IPublisher<EncryptedPush>> publisherOf) : IAsyncDisposable
{
    private readonly Dictionary<TimeSpan, IPublisher<EncryptedPush>> _rungs = ladder.Rungs.ToDictionary(rung => rung, publisherOf);

    public ParkingLadder Ladder => ladder;

    /// <summary>Parking in the queues of this broker.</summary>
    public static Parking At(Broker broker, string provider, ParkingLadder ladder, TimeProvider clock, ILogger logger) => new(
        ladder,
        rung => new FramePublisher<EncryptedPush>(
            broker, BusTopology.ParkingQueue(provider, rung), mandatory: true, Weigh, clock, logger,
            (channel, cancellationToken) => BusTopology.DeclareParkingQueueAsync(channel, provider, rung, cancellationToken)));

    /// <summary>About how many bytes a push takes in a frame.</summary>
    public static int Weigh(EncryptedPush push) => push.Payload.Length + push.SealedDeviceToken.Length + (push.PastAttempts?.Count ?? 0) * AttemptWeight + FixedWeight;

    /// <summary>About how many bytes one remembered attempt takes.</summary>
    public const int AttemptWeight = 120;

    private const int FixedWeight = 300;

    /// <summary>Completes when the broker has confirmed it.</summary>
    public Task ParkAsync(EncryptedPush push, TimeSpan rung, CancellationToken cancellationToken) => _rungs[rung].PublishAsync(push, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in _rungs.Values)
            await publisher.DisposeAsync();
    }
}
