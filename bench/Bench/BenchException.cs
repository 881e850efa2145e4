namespace Sotto.Bench;

/// <summary>What was asked for cannot be measured. The message is a whole sentence for the person at the terminal.</summary>
internal sealed class BenchException(string message) : Exception(message);
