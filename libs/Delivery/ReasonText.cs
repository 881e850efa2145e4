namespace Sotto.Delivery;

/// <summary>A provider's reason, made safe for logs, metrics and dead letters.</summary>
public static class ReasonText
{
    /// <summary>Most characters kept.</summary>
    public const int LengthMax = 128;

    /// <summary>Cuts at <see cref="LengthMax"/> and replaces everything but <c>[A-Za-z0-9_.:-]</c> and spaces by an underscore.</summary>
    public static string Clean(string? reason)
    {
        if (string.IsNullOrEmpty(reason))
            return "";
        if (reason.Length <= LengthMax && reason.All(IsAllowed))
            return reason;
        return string.Create(Math.Min(reason.Length, LengthMax), reason, (text, source) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = IsAllowed(source[i]) ? source[i] : '_';
        });
    }

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or ':' or '-' or ' ';
}
