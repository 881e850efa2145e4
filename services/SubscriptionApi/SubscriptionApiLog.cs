namespace SubscriptionApi;

/// <summary>Events 2000 to 2099. No account, token, key or text of a client is ever a parameter here.</summary>
internal static partial class SubscriptionApiLog
{
    [LoggerMessage(2000, LogLevel.Error, "A request failed unexpectedly ({Error}); the client was told error 5")]
    public static partial void RequestFailed(this ILogger logger, string error);

    [LoggerMessage(2001, LogLevel.Error, "An item of a request failed ({Error}, SQL state {SqlState}); the client was told error 4")]
    public static partial void ItemFailed(this ILogger logger, string error, string sqlState);

    [LoggerMessage(2002, LogLevel.Warning, "The folder of public keys cannot be read ({Error}); the keys read before stay in use")]
    public static partial void KeysNotRead(this ILogger logger, string error);

    [LoggerMessage(2003, LogLevel.Warning, "The public key {Name} cannot be read ({Error}); the one read before stays in use")]
    public static partial void KeyNotRead(this ILogger logger, string name, string error);

    [LoggerMessage(2004, LogLevel.Error, "The sender of {Provider} accepted a device without naming it properly; the client was told error 4")]
    public static partial void AnswerMalformed(this ILogger logger, string provider);

    [LoggerMessage(2005, LogLevel.Warning, "{Count} requests or connections were sent away since this was last said; the latest: {Reason}")]
    public static partial void IngressRefused(this ILogger logger, long count, Ingress.IngressRefusal reason);

    [LoggerMessage(2006, LogLevel.Error, "The changed TLS certificate cannot be read ({Error}); the one read before stays in use")]
    public static partial void CertificateNotRead(this ILogger logger, string error);

    [LoggerMessage(2010, LogLevel.Warning, "Changes could not be published from the outbox ({Error}); trying again in {Pause}")]
    public static partial void OutboxNotPublished(this ILogger logger, string error, TimeSpan pause);

    [LoggerMessage(2011, LogLevel.Information, "{Count} subscriptions whose signature is 14 days old were removed")]
    public static partial void ExpiredRemoved(this ILogger logger, int count);

    [LoggerMessage(2012, LogLevel.Warning, "{Work} failed ({Error}); trying again in {Pause}")]
    public static partial void RecurringWorkFailed(this ILogger logger, string work, string error, TimeSpan pause);

    [LoggerMessage(2013, LogLevel.Information, "{Count} subscriptions of dead device tokens were withdrawn")]
    public static partial void InvalidatedWithdrawn(this ILogger logger, int count);

    [LoggerMessage(2014, LogLevel.Warning, "{Count} invalidated device tokens were not understood and passed over")]
    public static partial void InvalidatedMalformed(this ILogger logger, int count);

    [LoggerMessage(2020, LogLevel.Warning, "What an instance reported of itself could not be kept ({Error}); its next report says it again")]
    public static partial void StatsNotKept(this ILogger logger, string error);

    [LoggerMessage(2021, LogLevel.Warning, "What clients of {Provider} have to know cannot be read ({Error}); they are told nothing")]
    public static partial void FactsNotRead(this ILogger logger, string provider, string error);
}
