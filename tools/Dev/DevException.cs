namespace Sotto.Dev;

/// <summary>What was asked for cannot be done. The message is a whole sentence for the person at the terminal.</summary>
public sealed class DevException(string message) : Exception(message);
