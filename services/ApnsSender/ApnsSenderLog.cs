namespace ApnsSender;

/// <summary>Events 5100 to 5199. No token, payload or key is ever a parameter here.</summary>
internal static partial class ApnsSenderLog
{
    [LoggerMessage(5100, LogLevel.Error, "The provider certificate of {Provider} ends at {EndsAt}: nothing is sent after that. Renew it")]
    public static partial void CertificateEnds(this ILogger logger, string provider, DateTimeOffset endsAt);
}
