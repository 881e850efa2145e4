namespace Sotto.LocalServers;

/// <summary>A server could not be started, found or stopped. The message is a whole sentence for the person at the terminal.</summary>
public sealed class LocalServerException(string message, Exception? inner = null) : Exception(message, inner);
