using MassTransit;
using Microsoft.Extensions.Logging;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Delivery;

/// <summary>Takes frames of pushes from one provider's queue, or from the queue of one of its apps. A frame is acknowledged when each of its pushes is settled, whatever became of its neighbours.</summary>
internal sealed class PushFrameConsumer(PushSender sender, bool isOwnQueue, PoisonPublisher poison, ILogger<PushFrameConsumer> logger) : IConsumer<Frame<EncryptedPush>>
{
    public Task Consume(ConsumeContext<Frame<EncryptedPush>> context) =>
        Task.WhenAll(context.Message.Items.Select(push => SettleAsync(context, push)));

    private async Task SettleAsync(ConsumeContext<Frame<EncryptedPush>> context, EncryptedPush push)
    {
        if (WhyNot(push) is { } why)
        {
            logger.NotAPush(sender.ProviderName, why);
            await poison.SetAsideAsync(context, push, why);
            return;
        }

        await sender.SettleAsync(push, isOwnQueue, context.CancellationToken);
    }

    // The wire can carry nulls where the contract has none.
    private string? WhyNot(EncryptedPush? push) => push switch
    {
        null => "an empty item",
        { DeviceId.Length: not DeviceTokens.DeviceIdSize } => "device id of another size",
        { DeviceId: null } or { SealedDeviceToken: null } or { Payload: null } => "a part is missing",
        _ when push.PushId == Guid.Empty => "no push id",
        _ when push.Attempt < 0 => "negative attempt",
        _ => string.Equals(push.Provider, sender.ProviderName, StringComparison.Ordinal) ? null : "for another provider",
    };
}
