namespace Sotto.FakeSwarm;

/// <param name="Hash">43 characters.</param>
/// <param name="Copies">Notifications on their way.</param>
/// <param name="StoredAtMilliseconds">Unix time.</param>
public sealed record StoredMessage(string Hash, int Copies, long StoredAtMilliseconds);
