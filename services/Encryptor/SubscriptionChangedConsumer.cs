using Encryptor.Storage;
using MassTransit;
using Sotto.Contracts;
using Sotto.Hosting;
using Sotto.Hosting.Bus;
using Sotto.Session;

namespace Encryptor;

/// <summary>
/// Keeps the Encryptor's own table of who wants to be woken, with each device's envelope key wrapped for the Encryptor alone; then tells
/// those who listen, so that no message is heard before there is a key to seal it with.
/// </summary>
internal sealed class SubscriptionChangedConsumer(
    SubscriptionStore subscriptions,
    EncryptorKeys keys,
    FramePublisher<SubscriptionChanged> ready,
    PoisonPublisher poison,
    EncryptorMetrics metrics,
    ILogger<SubscriptionChangedConsumer> logger) : IConsumer<Frame<SubscriptionChanged>>
{
    // A provider's longest token has 4,096 bytes; sealing adds 48, and its JSON a few.
    private const int SealedDeviceTokenBytesMax = 8_192;

    public async Task Consume(ConsumeContext<Frame<SubscriptionChanged>> context)
    {
        var rows = new Dictionary<Guid, SubscriptionRow>();
        var applied = new List<SubscriptionChanged>();
        var refused = new List<(SubscriptionChanged Change, string Reason)>();
        foreach (var change in context.Message.Items)
        {
            if (Read(change, out var row) is { } reason)
            {
                refused.Add((change, reason));
                continue;
            }

            applied.Add(change);
            if (!rows.TryGetValue(row!.SubscriptionId, out var other) || other.Revision < row.Revision)
                rows[row.SubscriptionId] = row;
        }

        if (rows.Count > 0)
            await subscriptions.ApplyAsync(rows.Values, context.CancellationToken);
        CrashPoint.Pass("encryptor.subscriptions-applied");
        await ready.PublishAsync(applied, context.CancellationToken);
        CrashPoint.Pass("encryptor.subscriptions-ready");
        metrics.SubscriptionChanges(rows.Count, refused.Count);
        foreach (var (change, reason) in refused)
        {
            logger.SubscriptionRefused(change?.SubscriptionId, change?.Revision, reason);
            await poison.SetAsideAsync(context, change!, reason);
        }
    }

    // Null when the change can be stored; else what is wrong with it, in words that tell nothing of it.
    private string? Read(SubscriptionChanged? change, out SubscriptionRow? row)
    {
        row = null;
        if (change is null)
            return "nothing at all";
        if (change.Withdrawn)
        {
            // What a withdrawn wish was for is nobody's business any more; that it was withdrawn is.
            row = new SubscriptionRow { SubscriptionId = change.SubscriptionId, Revision = change.Revision, Withdrawn = true, ExpiresAt = change.ExpiresAt.ToUniversalTime() };
            return null;
        }

        if (change.Account is not { Length: AccountId.Size })
            return $"account of {change.Account?.Length ?? 0} bytes";
        if (change.Provider is null || !Provider.IsWellFormed(change.Provider))
            return "not a provider's name";
        if (change.DeviceId is not { Length: 32 })
            return $"device id of {change.DeviceId?.Length ?? 0} bytes";
        if (change.SealedDeviceToken is not { Length: > 0 and <= SealedDeviceTokenBytesMax })
            return $"sealed device token of {change.SealedDeviceToken?.Length ?? 0} bytes";
        if (change.Namespaces is not { Length: > 0 })
            return "no namespaces";
        if (keys.Rewrap(change.SubscriptionId, change.SealedEnvelopeKey) is not { } wrapped)
            return "sealed envelope key does not open";

        row = new SubscriptionRow
        {
            SubscriptionId = change.SubscriptionId,
            Revision = change.Revision,
            Withdrawn = false,
            ExpiresAt = change.ExpiresAt.ToUniversalTime(),
            Account = change.Account,
            Namespaces = change.Namespaces,
            WantsData = change.WantsData,
            Provider = change.Provider,
            DeviceId = change.DeviceId,
            SealedDeviceToken = change.SealedDeviceToken,
            WrappedKey = wrapped,
        };
        return null;
    }
}
