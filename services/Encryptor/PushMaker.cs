using System.Runtime.ExceptionServices;
using Encryptor.Storage;
using Sotto.Contracts;
using Sotto.Hosting;
using Sotto.Session;

namespace Encryptor;

/// <summary>
/// Finds the devices that want to be woken for each message, claims the pushes that nobody has made yet, seals an envelope for each, puts them into the queues of their
/// providers, and only then remembers them as made. Whatever breaks on the way, the same pushes are made the next time.
/// </summary>
internal sealed class PushMaker(
    ISubscribers subscribers, IDuplicateWindow duplicates, IPushQueues queues, EncryptorKeys keys, EncryptorSettings settings, EncryptorMetrics metrics, TimeProvider clock,
    ILogger<PushMaker> logger)
{
    /// <summary>Most pushes in one transaction, about 3 MB of them: an account may have any number of devices.</summary>
    public const int PushesAtOnceMax = 1_024;

    /// <summary>Makes the pushes of these messages. Whatever it throws, it can be done again, and makes what is still to be made.</summary>
    public async Task WakeAsync(List<ArrivedMessage> messages, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var envelopes = new EnvelopeSealer(messages, settings.MetadataForm);
        var matched = new bool[messages.Count];
        await foreach (var devices in subscribers.MatchAsync(messages, now, cancellationToken).Chunk(PushesAtOnceMax).WithCancellation(cancellationToken))
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
        var unconfirmed = await queues.PublishAsync(pushes, cancellationToken);
        CrashPoint.Pass("encryptor.before-commit");
        // What is in the queues is made, even if we are told to stop now, and even if another provider's queue does not take its own.
        if (unconfirmed is not null)
            await claim.GiveBackAsync(unconfirmed.PushIds, CancellationToken.None);
        await claim.CommitAsync(CancellationToken.None);
        CrashPoint.Pass("encryptor.after-commit");
        metrics.HandedOver(unconfirmed is null ? pushes : [.. pushes.ExceptBy(unconfirmed.PushIds, push => push.PushId)], clock.GetUtcNow());
        if (unconfirmed is not null)
            ExceptionDispatchInfo.Throw(unconfirmed.Why);
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
}
