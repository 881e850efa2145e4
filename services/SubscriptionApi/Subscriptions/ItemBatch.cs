using System.Buffers;
using Npgsql;
using Sotto.Session;
using SubscriptionApi.Http;
using SubscriptionApi.Providers;

namespace SubscriptionApi.Subscriptions;

/// <summary>Answers a request that is one item or an array of them: in order, each by itself, an array with an array of the same length (session-v2 section 2.4).</summary>
internal sealed class ItemBatch(DeviceInquiry.Factory inquiries, TimeProvider clock, ILogger<ItemBatch> logger)
{
    /// <summary>Longest work on one answer. With the waits for a turn before it, it stays below the 25 s that a service node waits (session-onion section 1).</summary>
    public static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(18);

    /// <summary>Answers one item.</summary>
    internal delegate Task<ItemAnswer> AnswerItem(ItemFields fields, DeviceInquiry inquiry, CancellationToken cancellationToken);

    public async Task<ApiAnswer> AnswerAsync(RequestBody body, RouteMetrics metrics, AnswerItem answerItem, CancellationToken cancellationToken)
    {
        using var tooLate = new CancellationTokenSource(AnswerMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(tooLate.Token, cancellationToken);
        try
        {
            return await AnswerItemsAsync(body, metrics, answerItem, either.Token);
        }
        // Whatever the work that was told to end made of it. The client may ask again; what was begun is finished or undone behind this.
        catch (Exception) when (tooLate.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return Refuse(metrics, ItemAnswer.Busy);
        }
        // A client must get JSON whatever happened here (session-v2 section 2.3, error 5).
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.RequestFailed(e.GetType().Name);
            return Refuse(metrics, ItemAnswer.Internal);
        }
    }

    private async Task<ApiAnswer> AnswerItemsAsync(RequestBody body, RouteMetrics metrics, AnswerItem answerItem, CancellationToken cancellationToken)
    {
        if (body.State == RequestBodyState.TooLarge)
            return Refuse(metrics, ItemAnswer.Refusal(ErrorCode.BadInput, "Invalid request: request too large"));
        if (body.State != RequestBodyState.Read)
            return Refuse(metrics, ItemAnswer.Refusal(ErrorCode.BadInput, "Invalid request: request body missing"));
        if (!ClientJson.TryTake(body.Bytes, out var json))
            return Refuse(metrics, ItemAnswer.Refusal(ErrorCode.BadInput, "Invalid JSON"));
        var (isArray, items) = RequestItems.Find(json);
        if (items is null)
            return Refuse(metrics, ItemAnswer.Refusal(ErrorCode.BadInput, "Invalid JSON: expected object or array of objects"));

        using var inquiry = inquiries.Begin();
        if (!isArray)
            return ApiAnswer.Json((await MeasureAsync(items[0])).Json);

        // Items of different accounts have nothing to do with each other, so they are begun together; items of one account follow each other.
        var begun = RepeatsAnAccount(items) ? null : items.Select(MeasureAsync).ToList();
        var answers = new ArrayBufferWriter<byte>(2 + 128 * items.Count);
        for (var number = 0; number < items.Count; number++)
        {
            answers.Write(number == 0 ? "["u8 : ","u8);
            answers.Write((await (begun?[number] ?? MeasureAsync(items[number]))).Json.Span);
        }

        answers.Write(answers.WrittenCount == 0 ? "[]"u8 : "]"u8);
        return ApiAnswer.Json(answers.WrittenMemory);

        async Task<ItemAnswer> MeasureAsync(ItemFields? item)
        {
            using var measured = metrics.Begin();
            return measured.Done(await GuardAsync(item, inquiry, answerItem, cancellationToken));
        }
    }

    // An account that cannot be read is refused by whoever takes it next, for the same reason.
    private static bool RepeatsAnAccount(IReadOnlyList<ItemFields?> items)
    {
        var accounts = new HashSet<AccountId>();
        return items.Any(item => item is not null && AccountId.TryCreate(item.TakeBytes("pubkey", AccountId.Size), out var account) && !accounts.Add(account));
    }

    // One item's misfortune is its own: the others of its array are answered all the same.
    private async Task<ItemAnswer> GuardAsync(ItemFields? item, DeviceInquiry inquiry, AnswerItem answerItem, CancellationToken cancellationToken)
    {
        if (item is null)
            return ItemAnswer.Refusal(ErrorCode.Error, "Invalid JSON: expected an object");
        try
        {
            return await answerItem(item, inquiry, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Neither the message nor the detail: they may repeat a value.
            logger.ItemFailed(e.GetType().Name, (e as PostgresException)?.SqlState ?? "-");
            return ItemAnswer.Failed;
        }
    }

    private static ApiAnswer Refuse(RouteMetrics metrics, ItemAnswer answer)
    {
        using var measured = metrics.Begin();
        return ApiAnswer.Json(measured.Done(answer).Json);
    }
}
