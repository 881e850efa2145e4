using Sotto.Session;
using SubscriptionApi.Http;
using SubscriptionApi.Providers;
using SubscriptionApi.Storage;

namespace SubscriptionApi.Subscriptions;

/// <summary>A device asks to be woken for an account: parse, verify, ask the provider's sender, store (session-v2 section 2.4).</summary>
internal sealed class SubscribeEndpoint(
    ItemBatch items, ProviderDirectory providers, EnvelopeKeySeal seal, SubscriptionStore store, TimeProvider clock)
{
    private readonly RouteMetrics _metrics = new("subscribe");

    public Task<ApiAnswer> AnswerAsync(RequestBody body, CancellationToken cancellationToken) =>
        items.AnswerAsync(body, _metrics, SubscribeAsync, cancellationToken);

    // The numbers are the steps of session-v2 section 2.4: the first failure decides the answer, so their order is part of the protocol.
    private async Task<ItemAnswer> SubscribeAsync(ItemFields fields, DeviceInquiry inquiry, CancellationToken cancellationToken)
    {
        // 1 to 8: who asks, and for which device.
        if (SignedRequest.Take(fields) is not { } request)
            return fields.Refusal!;

        // 9: is there a sender for that device?
        if (!await providers.IsServedAsync(request.Provider, cancellationToken))
            return ProviderDirectory.NotAvailable(request.Provider);

        // 10 to 14: for what, and since when.
        var now = clock.GetUtcNow();
        if (Wish.Take(fields, request.SignedAtSeconds, now.ToUnixTimeSeconds()) is not { } wish)
            return fields.Refusal!;

        // 15: may they?
        var signedText = SignedText.Monitor(request.Account, request.SignedAtSeconds, wish.WantsData, wish.Namespaces);
        if (request.VerifySignature(signedText) is { } wrong)
            return ItemAnswer.Refusal(ErrorCode.Error, wrong);

        // 16 and 17: does the sender take the device?
        var device = await inquiry.AskAsync(request.Provider, request.ServiceInfo, cancellationToken);
        if (device.Refusal is not null)
            return device.Refusal;

        // 18: from here on it is a promise.
        return await store.StoreAsync(request, wish, seal.Seal(wish.EnvelopeKey), device, now, cancellationToken)
            ? ItemAnswer.Added
            : ItemAnswer.Renewed;
    }
}
