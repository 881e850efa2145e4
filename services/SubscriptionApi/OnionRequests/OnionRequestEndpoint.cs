using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Net.Http.Headers;
using Sotto.Hosting.Telemetry;
using Sotto.OnionRequests;
using SubscriptionApi.Http;

namespace SubscriptionApi.OnionRequests;

/// <summary>
/// Opens a request that came through service nodes, answers it by the same routes as plain HTTP, and seals the answer for the client (session-onion section 5). What went wrong
/// before the client was known is said in an HTTP status, what went wrong after it inside the sealed answer.
/// </summary>
internal sealed class OnionRequestEndpoint(OnionKey key, SubscriptionRoutes routes, OnionSettings settings, ILogger<OnionRequestEndpoint> logger) : IDisposable
{
    public const string Path = "/oxen/v4/lsrpc";

    /// <summary>Longest body, in bytes: the limit of the reference's parser (session-onion section 1).</summary>
    public const int BodyBytesMax = OnionRequest.BodyBytesMax;

    private readonly SemaphoreSlim _turns = new(settings.ConcurrentMax);
    private readonly Counter<long> _answers = Metrics.Meter.CreateCounter<long>("sotto_onion_answers", description: "Onion requests answered, by the HTTP status on the outside");

    public async Task<ApiAnswer> AnswerAsync(RequestBody body, CancellationToken cancellationToken)
    {
        var answer = await AnswerInTurnAsync(body, cancellationToken);
        _answers.Add(1, new KeyValuePair<string, object?>("status", answer.Status.ToString(CultureInfo.InvariantCulture)));
        return answer;
    }

    public void Dispose() => _turns.Dispose();

    private async Task<ApiAnswer> AnswerInTurnAsync(RequestBody body, CancellationToken cancellationToken)
    {
        switch (body.State)
        {
            case RequestBodyState.TooLarge:
                return ApiAnswer.TooLarge;
            case RequestBodyState.Refused:
                return ApiAnswer.Busy;
            case RequestBodyState.Missing:
                return ApiAnswer.BadRequest;
        }

        if (!await _turns.WaitAsync(Entrance.TurnWaitMax, cancellationToken))
            return ApiAnswer.Busy;
        try
        {
            if (!OnionRequest.TryOpen(key, body.Bytes, out var payload, out var reply))
                return ApiAnswer.BadRequest;
            var inner = await AnswerInsideAsync(payload, cancellationToken);
            return ApiAnswer.Bytes(reply.Seal(V4Response.Write(inner.Status, Headers(inner), inner.Body.Span)));
        }
        finally
        {
            _turns.Release();
        }
    }

    // An onion request inside an onion request finds no route: nothing may make us work twice for one message.
    private async Task<ApiAnswer> AnswerInsideAsync(byte[] payload, CancellationToken cancellationToken)
    {
        if (!V4Request.TryParse(payload, out var request))
            return ApiAnswer.InvalidOnion;
        var (route, instead) = routes.Find(request.Method, PathOf(request.Endpoint));
        if (route is null)
            return instead;
        try
        {
            return await route(RequestBody.Of(request.Body, SubscriptionRoutes.BodyBytesMax), cancellationToken);
        }
        // The client is known by now: what is said on the outside it would take for a broken path.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            logger.RequestFailed(e.GetType().Name);
            return ApiAnswer.Failed;
        }
    }

    private static string PathOf(string endpoint)
    {
        var query = endpoint.IndexOf('?', StringComparison.Ordinal);
        return Uri.UnescapeDataString(query < 0 ? endpoint : endpoint[..query]);
    }

    private static Dictionary<string, string> Headers(ApiAnswer answer)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { [HeaderNames.ContentType] = answer.ContentType };
        if (answer.Allow is not null)
            headers[HeaderNames.Allow] = answer.Allow;
        return headers;
    }
}
