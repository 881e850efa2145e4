using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Encryptor;

/// <summary>Turns messages into pushes. Whatever breaks on the way, the frame comes again and the same pushes are made.</summary>
internal sealed class MessageArrivedConsumer(
    PushMaker pushes, EncryptorSettings settings, EncryptorMetrics metrics, PoisonPublisher poison, TimeProvider clock, ILogger<MessageArrivedConsumer> logger) : IConsumer<Frame<MessageArrived>>
{
    public async Task Consume(ConsumeContext<Frame<MessageArrived>> context)
    {
        var now = clock.GetUtcNow();
        var messages = new List<ArrivedMessage>(context.Message.Items.Count);
        var malformed = new List<(MessageArrived Item, string Reason)>();
        foreach (var item in context.Message.Items)
        {
            if (ArrivedMessage.Read(item, now, settings.PushLifetime, out var message) is { } reason)
                malformed.Add((item, reason));
            else if (message.PushExpiresAt <= now)
                metrics.Expired();
            else
                messages.Add(message);
        }

        if (messages.Count > 0)
            await pushes.WakeAsync(messages, now, context.CancellationToken);
        foreach (var (item, reason) in malformed)
            await SetAsideAsync(context, item, reason);
    }

    private async Task SetAsideAsync(ConsumeContext<Frame<MessageArrived>> context, MessageArrived item, string reason)
    {
        metrics.Malformed();
        logger.MessageMalformed(reason);
        await poison.SetAsideAsync(context, item, reason);
    }
}
