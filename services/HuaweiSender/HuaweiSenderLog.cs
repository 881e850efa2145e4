namespace HuaweiSender;

/// <summary>Events 5300 to 5399. No token, payload or secret is ever a parameter here.</summary>
internal static partial class HuaweiSenderLog
{
    [LoggerMessage(5300, LogLevel.Error, "Huawei does not permit this app to send with high urgency: pushes go with normal urgency and wait for phones to wake. Ask Huawei for the permission, then restart")]
    public static partial void HighUrgencyForbidden(this ILogger logger);
}
