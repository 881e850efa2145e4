namespace SwarmListener;

/// <summary>Events 3000 to 3099. No account, key or message is ever a parameter here.</summary>
internal static partial class SwarmListenerLog
{
    [LoggerMessage(3000, LogLevel.Information, "The network has {Swarms} swarms and {Nodes} reachable nodes at height {Height}")]
    public static partial void SwarmsChanged(this ILogger logger, int swarms, int nodes, long height);

    [LoggerMessage(3001, LogLevel.Information, "oxend answers; blocks are announced to us")]
    public static partial void OxendConnected(this ILogger logger);

    [LoggerMessage(3002, LogLevel.Warning, "oxend does not do its part ({Reason}); trying again in {Pause}")]
    public static partial void OxendFailed(this ILogger logger, string reason, TimeSpan pause);

    [LoggerMessage(3003, LogLevel.Warning, "oxend's list of service nodes cannot be used; the one before stays in force")]
    public static partial void ListRefused(this ILogger logger);

    [LoggerMessage(3004, LogLevel.Information, "oxend was restarted: it had forgotten that we want to hear of blocks")]
    public static partial void OxendRestarted(this ILogger logger);

    [LoggerMessage(3010, LogLevel.Information, "{Gained} buckets are ours now, {Left} pass to other instances; {Held} held, {Instances} instances")]
    public static partial void BucketsChanged(this ILogger logger, int gained, int left, int held, int instances);

    [LoggerMessage(
        3011, LogLevel.Warning,
        "The connection that holds our buckets is lost ({Reason}); we go on hearing for them until another instance does")]
    public static partial void LocksLost(this ILogger logger, string reason);

    [LoggerMessage(
        3012, LogLevel.Error,
        "Another instance uses the same X25519 key; this one holds no buckets until the other ends. Give each its own Swarm:PrivateKeyFile, or none")]
    public static partial void KeyTaken(this ILogger logger);

    [LoggerMessage(3020, LogLevel.Information, "{Accounts} accounts of {Buckets} buckets loaded in {ElapsedMs} ms")]
    public static partial void AccountsLoaded(this ILogger logger, int accounts, int buckets, long elapsedMs);

    [LoggerMessage(3021, LogLevel.Warning, "Subscriptions cannot be read ({Reason}); trying again")]
    public static partial void SubscriptionsUnreadable(this ILogger logger, string reason);

    [LoggerMessage(3022, LogLevel.Warning, "The database does not tell us of changes ({Reason}); all subscriptions will be read again")]
    public static partial void ChangeFeedLost(this ILogger logger, string reason);

    [LoggerMessage(3023, LogLevel.Error, "Subscription {SubscriptionId} was set aside: {Reason}")]
    public static partial void SubscriptionRefused(this ILogger logger, Guid subscriptionId, string reason);

    [LoggerMessage(3024, LogLevel.Warning, "{Count} subscriptions ask more of one account than is taken")]
    public static partial void TooManyKinds(this ILogger logger, int count);

    [LoggerMessage(3030, LogLevel.Error, "A check of the nodes failed")]
    public static partial void CheckFailed(this ILogger logger, Exception exception);

    [LoggerMessage(3031, LogLevel.Critical, "A part of the listener ended by itself; the process ends")]
    public static partial void PartEnded(this ILogger logger, Exception exception);
}
