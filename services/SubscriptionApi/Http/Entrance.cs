using Microsoft.Net.Http.Headers;
using SubscriptionApi.OnionRequests;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Http;

/// <summary>Where plain HTTP comes in: finds the route, reads the body within its limits, writes the answer. Nothing that goes wrong inside gets past it.</summary>
internal sealed class Entrance(
    SubscriptionRoutes routes, OnionRequestEndpoint onion, LargeBodies largeBodies, ApiSettings settings, ILogger<Entrance> logger)
{
    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        var isOnion = path == OnionRequestEndpoint.Path;
        var (route, answer) = isOnion
            ? SubscriptionRoutes.WithMethod(context.Request.Method, onion.AnswerAsync)
            : routes.Find(context.Request.Method, path);
        if (route is not null)
        {
            using var place = largeBodies.Claim();
            if (await ReadBodyAsync(context, isOnion ? OnionRequestEndpoint.BodyBytesMax : SubscriptionRoutes.BodyBytesMax, place) is not { } body)
                return;
            answer = await AnswerAsync(route, body, context.RequestAborted);
        }

        await WriteAsync(context, answer);
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
        if (answer.Allow is not null)
            response.Headers[HeaderNames.Allow] = answer.Allow;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }
}
