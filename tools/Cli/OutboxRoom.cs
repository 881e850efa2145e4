using SubscriptionApi.Storage;

namespace Sotto.Cli;

/// <summary>Keeps what the command adds to the SubscriptionApi's outbox within bounds: clients' changes wait in the same line.</summary>
internal sealed class OutboxRoom(Outbox outbox, TimeProvider clock)
{
    /// <summary>Most changes that wait before the command adds more.</summary>
    public const int WaitingMax = 20_000;

    /// <summary>How long the outbox may stay full without getting shorter; then nobody empties it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Completes when there is room.</summary>
    /// <exception cref="OperatorException">Nobody empties the outbox.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        var least = long.MaxValue;
        var since = clock.GetTimestamp();
        while (await outbox.CountAsync(cancellationToken) is var waiting && waiting > WaitingMax)
        {
            if (waiting < least)
                (least, since) = (waiting, clock.GetTimestamp());
            else if (clock.GetElapsedTime(since) > Patience)
                throw new OperatorException($"{waiting} changes wait to be published and nobody publishes them: start a SubscriptionApi, then run this again; it goes on where it stopped.");
            await Task.Delay(Pause, clock, cancellationToken);
        }
    }
}
