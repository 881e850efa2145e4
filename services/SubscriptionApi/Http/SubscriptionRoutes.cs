using SubscriptionApi.Providers;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Http;

/// <summary>The routes that clients reach, by plain HTTP or inside an onion request, and the answers where there is no route (session-v2 section 2.1). <c>/providers</c> is ours.</summary>
internal sealed class SubscriptionRoutes(SubscribeEndpoint subscribe, UnsubscribeEndpoint unsubscribe, ProviderFacts facts)
{
    /// <summary>Longest body, in bytes (session-v2 section 2.2).</summary>
    public const int BodyBytesMax = 100_000;

    /// <summary>The route, or the answer instead of one.</summary>
    /// <param name="method">The method, in any case.</param>
    /// <param name="path">The path, percent-decoded, without query. Compared exactly.</param>
    public (Route? Route, ApiAnswer Instead) Find(string method, string path) => path switch
    {
        "/subscribe" => WithMethod(method, subscribe.AnswerAsync),
        "/unsubscribe" => WithMethod(method, unsubscribe.AnswerAsync),
        "/providers" when method.Equals(HttpMethods.Get, StringComparison.OrdinalIgnoreCase) => (facts.AnswerAsync, ApiAnswer.NotFound),
        "/providers" => WithMethod(method, facts.AnswerAsync),
        _ => (null, ApiAnswer.NotFound),
    };

    /// <summary>What the reference's framework makes of a route that knows POST only.</summary>
    public static (Route? Route, ApiAnswer Instead) WithMethod(string method, Route post)
    {
        if (method.Equals(HttpMethods.Post, StringComparison.OrdinalIgnoreCase))
            return (post, ApiAnswer.NotFound);
        return (null, method.Equals(HttpMethods.Options, StringComparison.OrdinalIgnoreCase) ? ApiAnswer.Options : ApiAnswer.MethodNotAllowed);
    }
}

/// <summary>Answers one request.</summary>
internal delegate Task<ApiAnswer> Route(RequestBody body, CancellationToken cancellationToken);
