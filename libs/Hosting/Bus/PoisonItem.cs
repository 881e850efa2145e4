using MassTransit;
using Sotto.Contracts;

namespace Sotto.Hosting.Bus;

/// <summary>Sets one item of a frame aside that can never be taken, so that its neighbours go on.</summary>
public static class PoisonItem
{
    /// <summary>Header that names the queue from which the item came.</summary>
    public const string QueueHeader = "sotto-poison-queue";

    /// <summary>Header that says why, in a few words of the consumer's own.</summary>
    public const string ReasonHeader = "sotto-poison-reason";

    /// <summary>
    /// Puts <paramref name="item"/>, as a frame of one, into <see cref="BusTopology.Poison"/> and completes when the broker has confirmed it. Repetition is possible when
    /// the frame is delivered again.
    /// </summary>
    /// <typeparam name="T">The kind of the frame's items.</typeparam>
    /// <param name="context">The frame that carried it.</param>
    /// <param name="item">What cannot be taken.</param>
    /// <param name="reason">Words for a person; never anything of the item's content.</param>
    public static async Task SetAsideAsPoisonAsync<T>(this ConsumeContext<Frame<T>> context, T item, string reason)
        where T : class
    {
        var poison = await context.GetSendEndpoint(new Uri($"exchange:{BusTopology.Poison}"));
        await poison.Send(
            new Frame<T> { Items = [item] },
            send =>
            {
                send.Headers.Set(QueueHeader, context.ReceiveContext.InputAddress.AbsolutePath.Split('/')[^1]);
                send.Headers.Set(ReasonHeader, reason);
                if (send.TryGetPayload<RabbitMqSendContext>(out var rabbit))
                    rabbit.Mandatory = true;
            },
            context.CancellationToken);
    }
}
