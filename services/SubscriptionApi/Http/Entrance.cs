using Microsoft.Net.Http.Headers;
using SubscriptionApi.Ingress;
using SubscriptionApi.OnionRequests;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Http;

/// <summary>Where plain HTTP comes in: finds the route, reads the body within its limits, writes the answer. Nothing that goes wrong inside gets past it.</summary>
internal sealed class Entrance(
    SubscriptionRoutes routes, OnionRequestEndpoint onion, LargeBodies largeBodies, ClientAddresses addresses, RateLimits limits, IngressRefusals refusals,
    IngressSettings ingress, ApiSettings settings, ILogger<Entrance> logger) : IDisposable
{
    /// <summary>How long a request waits for its turn before it is sent away.</summary>
    public static readonly TimeSpan TurnWaitMax = TimeSpan.FromSeconds(2);

    private const string RetryAfterSeconds = "10";

    private readonly SemaphoreSlim _turns = new(ingress.RequestsInWorkMax);

    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        var isOnion = path == OnionRequestEndpoint.Path;
        var bytesMax = isOnion ? OnionRequestEndpoint.BodyBytesMax : SubscriptionRoutes.BodyBytesMax;
        if (limits.Refuses(addresses.Of(context), BodyBytes(context.Request, bytesMax)) is { } refusal)
        {
            await WriteAsync(context, SendAway(path, refusal));
            return;
        }

        var (route, answer) = isOnion
            ? SubscriptionRoutes.WithMethod(context.Request.Method, onion.AnswerAsync)
            : routes.Find(context.Request.Method, path);
        if (route is not null)
        {
            using var place = largeBodies.Claim();
            if (await ReadBodyAsync(context, bytesMax, place) is not { } body)
                return;
            answer = await AnswerInTurnAsync(path, route, body, context.RequestAborted);
        }

        await WriteAsync(context, answer);
    }

    public void Dispose() => _turns.Dispose();

    // Error 3 is what a client of the plain routes gets when the reference has too much to do; HTTP 200 as ever. What is in an onion request is not known here.
    private ApiAnswer SendAway(string path, IngressRefusal refusal)
    {
        refusals.Count(refusal);
        if (routes.Find(HttpMethods.Post, path).Route is not null)
            return ApiAnswer.Json(ItemAnswer.Busy.Json);
        return refusal == IngressRefusal.ClientRate ? ApiAnswer.TooMany : ApiAnswer.Busy;
    }

    // What says that it is longer than the route allows is refused unread and costs no more than its headers. What comes in chunks may be as long as a body that needs no place.
    private static long BodyBytes(HttpRequest request, int bytesMax) => request.ContentLength switch
    {
        null => request.Headers.TransferEncoding.Count > 0 ? Math.Min(bytesMax, LargeBodies.FromBytes) : 0,
        var length when length > bytesMax => 0,
        { } length => length,
    };

    private async Task<ApiAnswer> AnswerInTurnAsync(string path, Route route, RequestBody body, CancellationToken cancellationToken)
    {
        try
        {
            if (!await _turns.WaitAsync(TurnWaitMax, cancellationToken))
                return SendAway(path, IngressRefusal.InWork);
        }
        catch (OperationCanceledException)
        {
            return ApiAnswer.Busy;
        }

        try
        {
            return await AnswerAsync(route, body, cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }

    // Null when the client took too long, went away or does not speak HTTP; there is nobody left to answer.
    private async Task<RequestBody?> ReadBodyAsync(HttpContext context, int bytesMax, LargeBodies.Place place)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(settings.BodyTimeout);
        try
        {
            return await RequestBody.ReadAsync(context, bytesMax, place, patience.Token);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
            return null;
        }
        catch (BadHttpRequestException e)
        {
            context.Response.StatusCode = e.StatusCode;
            return null;
        }
        // Cut off.
        catch (IOException)
        {
            context.Abort();
            return null;
        }
    }

    private async Task<ApiAnswer> AnswerAsync(Route route, RequestBody body, CancellationToken cancellationToken)
    {
        try
        {
            return await route(body, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The client went away; nobody reads this.
            return ApiAnswer.Busy;
        }
        catch (Exception e)
        {
            logger.RequestFailed(e.GetType().Name);
            return ApiAnswer.Failed;
        }
    }

    private static async Task WriteAsync(HttpContext context, ApiAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Body.Length;
        if (answer.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = RetryAfterSeconds;
        if (answer.Allow is not null)
            response.Headers[HeaderNames.Allow] = answer.Allow;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }
}
