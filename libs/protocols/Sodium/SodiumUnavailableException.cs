namespace Sotto.Sodium;

/// <summary>libsodium is missing from this machine or is not one that this library knows. The message says what to do.</summary>
public sealed class SodiumUnavailableException(string message) : InvalidOperationException(message);
