using MassTransit;
using Microsoft.Extensions.Logging;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>Sets one item of a frame aside that can never be taken, so that its neighbours go on. Thread-safe.</summary>
/// <remarks>It publishes beside the bus, which would have to be allowed to declare the queue before it could write to it.</remarks>
/// <param name="broker">Where.</param>
/// <param name="clock">Writes the time on the frame, and times the pauses.</param>
/// <param name="logger">Told of items that were not confirmed.</param>
public sealed class PoisonPublisher(Broker broker, TimeProvider clock, ILogger<PoisonPublisher> logger) : IAsyncDisposable
{
    // A frame that fails for one item comes again as a whole, and with it the neighbours that were seen to. What is refused as often as that will be refused again.
    private const int TriesMax = 15;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>Header that names the queue from which the item came.</summary>
    public const string QueueHeader = "sotto-poison-queue";

    /// <summary>Header that says why, in a few words of the consumer's own.</summary>
    public const string ReasonHeader = "sotto-poison-reason";

    private readonly ConfirmingExchange _poison = new(broker, BusTopology.Poison, mandatory: true, broker.DeclareTopologyAsync);

    /// <summary>
    /// Puts <paramref name="item"/>, as a frame of one, into <see cref="BusTopology.Poison"/> and completes when the broker has confirmed it; until then it is tried
    /// fifteen times, a second apart. Repetition is possible when a confirm is lost, or the frame is delivered again.
    /// </summary>
    /// <typeparam name="T">The kind of the frame's items.</typeparam>
    /// <param name="context">The frame that carried it.</param>
    /// <param name="item">What cannot be taken.</param>
    /// <param name="reason">Words for a person; never anything of the item's content.</param>
    public async Task SetAsideAsync<T>(ConsumeContext<Frame<T>> context, T item, string reason)
        where T : class
    {
        var envelope = new FrameEnvelope<T>(new Frame<T> { Items = [item] }, clock);
        envelope.Properties.Headers = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [QueueHeader] = context.ReceiveContext.InputAddress.AbsolutePath.Split('/')[^1],
            [ReasonHeader] = reason,
        };
        for (var tries = 1; ; tries++)
        {
            try
            {
                await _poison.PublishAsync(envelope.Properties, envelope.Body, context.CancellationToken);
                return;
            }
            catch (Exception e) when (tries < TriesMax && !context.CancellationToken.IsCancellationRequested)
            {
                logger.FrameNotConfirmed(BusTopology.Poison, 1, e.GetType().Name, RetryPause);
                await Task.Delay(RetryPause, clock, context.CancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _poison.DisposeAsync();
}
