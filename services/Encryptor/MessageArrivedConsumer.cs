using Encryptor.Storage;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting;
using Sotto.Hosting.Bus;
using Sotto.Session;

namespace Encryptor;

/// <summary>
/// Turns messages into pushes: finds the devices that want to be woken for each, claims the pushes that nobody has made yet, seals an envelope for each, puts them
/// into the queues of their providers, and only then remembers them as made. Whatever breaks on the way, the frame comes again and the same pushes are made.
/// </summary>
internal sealed class MessageArrivedConsumer(
    SubscriptionStore subscriptions, DuplicateWindow duplicates, PushQueues queues, EncryptorKeys keys, EncryptorSettings settings, EncryptorMetrics metrics,
    PoisonPublisher poison, TimeProvider clock, ILogger<MessageArrivedConsumer> logger) : IConsumer<Frame<MessageArrived>>
{
    /// <summary>Most pushes in one transaction, about 3 MB of them: an account may have any number of devices.</summary>
    public const int PushesAtOnceMax = 1_024;

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
            await WakeAsync(messages, now, context.CancellationToken);
        foreach (var (item, reason) in malformed)
            await SetAsideAsync(context, item, reason);
    }

    private async Task WakeAsync(List<ArrivedMessage> messages, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var envelopes = new EnvelopeSealer(messages, settings.MetadataForm);
        var matched = new bool[messages.Count];
        await foreach (var devices in subscriptions.MatchAsync(messages, now, cancellationToken).Chunk(PushesAtOnceMax).WithCancellation(cancellationToken))
        {
            foreach (var device in devices)
                matched[device.Message] = true;
            await HandOverAsync(messages, devices, envelopes, cancellationToken);
        }

        metrics.Messages(matched);
    }

    private async Task HandOverAsync(List<ArrivedMessage> messages, MatchedSubscription[] devices, EnvelopeSealer envelopes, CancellationToken cancellationToken)
    {
        // Two copies of a message, or two subscriptions of one device, mean one push; the first decides.
        var wanted = new SortedDictionary<Guid, MatchedSubscription>();
        foreach (var device in devices)
            wanted.TryAdd(keys.PushId(device.Provider, device.DeviceId, messages[device.Message].Swarm.Hash), device);

        await using var claim = await duplicates.ClaimAsync([.. wanted.Keys], cancellationToken);
        CrashPoint.Pass("encryptor.after-claim");
        metrics.Duplicates(devices.Length - claim.PushIds.Count);
        if (claim.PushIds.Count == 0)
            return;

        var pushes = new List<EncryptedPush>(claim.PushIds.Count);
        foreach (var (id, device) in wanted)
        {
            if (claim.PushIds.Contains(id) && Seal(id, messages[device.Message], device, envelopes) is { } push)
                pushes.Add(push);
        }

        CrashPoint.Pass("encryptor.before-publish");
        await queues.PublishAsync(pushes, cancellationToken);
        CrashPoint.Pass("encryptor.before-commit");
        // What is in the queues is made, even if we are told to stop now.
        await claim.CommitAsync(CancellationToken.None);
        CrashPoint.Pass("encryptor.after-commit");
        metrics.HandedOver(pushes, clock.GetUtcNow());
    }

    private EncryptedPush? Seal(Guid pushId, in ArrivedMessage message, MatchedSubscription device, EnvelopeSealer envelopes)
    {
        Span<byte> key = stackalloc byte[NotificationEnvelope.KeySize];
        if (!keys.TryUnwrap(device.SubscriptionId, device.WrappedKey, key))
        {
            metrics.Unreadable();
            logger.KeyUnreadable(device.SubscriptionId);
            return null;
        }

        var payload = envelopes.Seal(device.Message, device.WantsData, key);
        key.Clear();
        return new EncryptedPush
        {
            PushId = pushId,
            Provider = device.Provider,
            DeviceId = device.DeviceId,
            SealedDeviceToken = device.SealedDeviceToken,
            Payload = payload,
            ExpiresAt = message.PushExpiresAt,
            HeardAt = message.HeardAt,
        };
    }

    private async Task SetAsideAsync(ConsumeContext<Frame<MessageArrived>> context, MessageArrived item, string reason)
    {
        metrics.Malformed();
        logger.MessageMalformed(reason);
        await poison.SetAsideAsync(context, item, reason);
    }
}
