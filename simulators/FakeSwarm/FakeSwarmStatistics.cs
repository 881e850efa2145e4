namespace Sotto.FakeSwarm;

/// <param name="MessagesStored">Calls of Store, floods included.</param>
/// <param name="NotificationsSent">Frames handed to libzmq for a connection, lies included.</param>
/// <param name="NotificationsDropped">Frames that a fault swallowed.</param>
/// <param name="NotificationsUndeliverable">Frames that libzmq did not take: the connection was gone or its queue full.</param>
/// <param name="LiesTold">Hostile frames.</param>
/// <param name="MonitorRequests">Requests named <c>monitor.messages</c>, batches counting once.</param>
/// <param name="MonitorsAccepted">Dicts in them that were accepted.</param>
/// <param name="MonitorsRefused">Dicts that were refused, by errcode: the first number is that of errcode 1.</param>
/// <param name="MonitorsVerified">Dicts whose signatures were verified: all, unless <see cref="FakeSwarmOptions.VerifyOneIn"/> says otherwise.</param>
public sealed record FakeSwarmStatistics(
    long MessagesStored,
    long NotificationsSent,
    long NotificationsDropped,
    long NotificationsUndeliverable,
    long LiesTold,
    long MonitorRequests,
    long MonitorsAccepted,
    IReadOnlyList<long> MonitorsRefused,
    long MonitorsVerified);
