using Sotto.Session;
using SubscriptionApi.Http;
using SubscriptionApi.Providers;
using SubscriptionApi.Storage;

namespace SubscriptionApi.Subscriptions;

/// <summary>A device no longer wants to be woken for an account. Here the sender is asked before the signature is looked at (session-v2 section 2.5).</summary>
internal sealed class UnsubscribeEndpoint(ItemBatch items, ProviderDirectory providers, SubscriptionStore store, TimeProvider clock)
{
    private readonly RouteMetrics _metrics = new("unsubscribe");

    public Task<ApiAnswer> AnswerAsync(RequestBody body, CancellationToken cancellationToken) =>
        items.AnswerAsync(body, _metrics, UnsubscribeAsync, cancellationToken);

    private async Task<ItemAnswer> UnsubscribeAsync(ItemFields fields, DeviceInquiry inquiry, CancellationToken cancellationToken)
    {
        if (SignedRequest.Take(fields) is not { } request)
            return fields.Refusal!;
        if (!await providers.IsServedAsync(request.Provider, cancellationToken))
            return ProviderDirectory.NotAvailable(request.Provider);

        var device = await inquiry.AskAsync(request.Provider, request.ServiceInfo, cancellationToken);
        if (device.Refusal is not null)
            return device.Refusal;

        var now = clock.GetUtcNow();
        if (!SignatureTime.AllowsUnsubscribe(request.SignedAtSeconds, now.ToUnixTimeSeconds()))
            return ItemAnswer.Failed;
        if (request.VerifySignature(SignedText.Unsubscribe(request.Account, request.SignedAtSeconds)) is { } wrong)
            return ItemAnswer.Refusal(ErrorCode.Error, wrong);

        return await store.WithdrawAsync(request, device, now, cancellationToken) ? ItemAnswer.Removed : ItemAnswer.NotSubscribed;
    }
}
