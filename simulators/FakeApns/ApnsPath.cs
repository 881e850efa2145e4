namespace Sotto.FakeApns;

/// <summary><c>/3/device/{token}</c>.</summary>
internal static class ApnsPath
{
    // Never assume the size, says Apple; 64 digits today, about 160 for live activities (providers.md section 3.8).
    private const int TokenDigitsMin = 64;
    private const int TokenDigitsMax = 200;

    private const string Prefix = "/3/device/";

    /// <summary>The text in the token's place, well-formed or not; null when the path is another.</summary>
    public static string? TokenIn(string path)
    {
        if (path is "/3/device")
            return "";
        return path.StartsWith(Prefix, StringComparison.Ordinal) && !path.AsSpan(Prefix.Length).Contains('/') ? path[Prefix.Length..] : null;
    }

    public static bool IsToken(string text) =>
        text.Length is >= TokenDigitsMin and <= TokenDigitsMax && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit);
}
