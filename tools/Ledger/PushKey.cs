namespace Sotto.Ledger;

/// <summary>One message for one device: what the promise is about. Both parts are names that a test gave, never a token or an account.</summary>
/// <param name="Device">The simulated device's label.</param>
/// <param name="Message">The swarm message's hash.</param>
public readonly record struct PushKey(string Device, string Message);
