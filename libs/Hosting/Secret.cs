using System.Diagnostics;

namespace Sotto.Hosting;

/// <summary>A text that must not be seen: it prints as <c>[REDACTED]</c> wherever it is printed without intent.</summary>
/// <param name="value">The secret itself.</param>
[DebuggerDisplay("[REDACTED]")]
public sealed class Secret(string value)
{
    /// <summary>The secret, for the one call that needs it.</summary>
    public string Reveal() => value;

    /// <inheritdoc/>
    public override string ToString() => "[REDACTED]";
}
