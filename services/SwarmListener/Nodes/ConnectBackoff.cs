namespace SwarmListener.Nodes;

/// <summary>How long a service node is left alone after failed attempts to connect (session-v2 section 5.5).</summary>
internal static class ConnectBackoff
{
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(120)];

    /// <summary>The pause after the given number of failures in a row, at least one.</summary>
    public static TimeSpan After(int failures) => Pauses[Math.Clamp(failures, 1, Pauses.Length) - 1];
}
