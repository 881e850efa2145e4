namespace WebPushSender;

/// <summary>Events 5400 to 5499. Endpoints are capabilities: no part of one is ever a parameter here but the host of a well-known service.</summary>
internal static partial class WebPushSenderLog
{
    [LoggerMessage(5400, LogLevel.Information, "Web Push is signed with the VAPID key {PublicKey}: clients subscribe with it as applicationServerKey")]
    public static partial void KeyRead(this ILogger logger, string publicKey);

    [LoggerMessage(5401, LogLevel.Warning, "{Count} origins are exempt from the guard against request forgery: this is a test system")]
    public static partial void OriginsExempt(this ILogger logger, int count);
}
