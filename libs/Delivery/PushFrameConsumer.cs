using MassTransit;
using Microsoft.Extensions.Logging;
using Sotto.Contracts;
using Sotto.Hosting.Bus;

namespace Sotto.Delivery;

/// <summary>Takes frames of pushes from one provider's queue, or from the queue of one of its apps. A frame is acknowledged when each of its pushes is settled, whatever became of its neighbours.</summary>
/// <remarks>
/// When the connection to the broker ends, the bus would have its consumers give up. But a request that is on its way cannot be called back: it is seen through to its answer, so
/// that the frame, when it comes again, finds its pushes known (<see cref="RecentPushes"/>) and nobody is rung twice.
/// </remarks>
/// <param name="sender">Sees each push through.</param>
/// <param name="isOwnQueue">False for the queue of one app among several.</param>
/// <param name="reports">Told of the pushes of a frame that the provider took, all at once.</param>
/// <param name="poison">Takes what is no push.</param>
/// <param name="logger">Told of what is no push.</param>
/// <param name="atOnce">Cancelled when the service has stopped all the same: what is then still in hand is given up.</param>
internal sealed class PushFrameConsumer(
    PushSender sender, bool isOwnQueue, DeliveryReports reports, PoisonPublisher poison, ILogger<PushFrameConsumer> logger, CancellationToken atOnce)
    : IConsumer<Frame<EncryptedPush>>
{
    public async Task Consume(ConsumeContext<Frame<EncryptedPush>> context)
    {
        var settled = context.Message.Items.Select(push => SettleAsync(context, push)).ToList();
        try
        {
            await Task.WhenAll(settled);
        }
        finally
        {
            await reports.AcceptedAsync([.. settled.Where(push => push.IsCompletedSuccessfully).Select(push => push.Result).OfType<PushAccepted>()], atOnce);
        }
    }

    // Null when the provider has not taken it now.
    private async Task<PushAccepted?> SettleAsync(ConsumeContext<Frame<EncryptedPush>> context, EncryptedPush push)
    {
        if (WhyNot(push) is { } why)
        {
            logger.NotAPush(sender.ProviderName, why);
            await poison.SetAsideAsync(context, push, why);
            return null;
        }

        return await sender.SettleAsync(push, context.MessageId ?? Guid.Empty, isOwnQueue, atOnce) == PushEnd.Taken ? reports.Taken(push) : null;
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
