namespace DeadLetterKeeper;

/// <summary>Events 6000 to 6099. No device, payload or header of a message is ever a parameter here.</summary>
internal static partial class KeeperLog
{
    [LoggerMessage(6000, LogLevel.Warning, "The queue of poison messages cannot be read ({Error}); trying again in {Pause}")]
    public static partial void PoisonNotRead(this ILogger logger, string error, TimeSpan pause);

    [LoggerMessage(6001, LogLevel.Error, "A bus message that no consumer could take was set aside from {Queue}: see sotto dead-letters poison list")]
    public static partial void PoisonKept(this ILogger logger, string queue);

    [LoggerMessage(6002, LogLevel.Warning, "Old dead letters could not be deleted ({Error}); trying again in {Pause}")]
    public static partial void NotSwept(this ILogger logger, string error, TimeSpan pause);
}
