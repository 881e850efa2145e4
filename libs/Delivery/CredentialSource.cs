using System.Security.Cryptography;
using System.Text;

namespace Sotto.Delivery;

/// <summary>Where the text of credentials comes from: files, which may change while the sender runs, or a setting, which does not.</summary>
public sealed class CredentialSource
{
    private const int FileBytesMax = 64 * 1024;

    private readonly IReadOnlyList<string> _files;
    private readonly string? _text;

    private CredentialSource(string setting, IReadOnlyList<string> files, string? text) => (Setting, _files, _text) = (setting, files, text);

    /// <summary>The setting that names it, for errors.</summary>
    public string Setting { get; }

    /// <summary>What it is called in errors.</summary>
    public string Name => _files.Count > 0 ? $"the file {string.Join(" with ", _files)}" : $"the setting {Setting}";

    /// <summary>True when it can change.</summary>
    public bool IsWatched => _files.Count > 0;

    /// <summary>Files, whose texts are put together.</summary>
    public static CredentialSource OfFiles(string setting, params IReadOnlyList<string> paths) => new(setting, paths, text: null);

    /// <summary>The text itself, as an environment variable has it. <c>\n</c> stands for a line break where there is none, since some tools cannot set one. Secret.</summary>
    public static CredentialSource OfText(string setting, string text) =>
        new(setting, [], text.Contains('\n', StringComparison.Ordinal) || text.TrimStart().StartsWith('{') ? text : text.Replace("\\n", "\n", StringComparison.Ordinal));

    /// <summary>Either of the two; null when neither is given.</summary>
    /// <param name="section">The section of the settings.</param>
    /// <param name="fileSetting">The setting that names a file.</param>
    /// <param name="file">Its value.</param>
    /// <param name="textSetting">The setting that holds the text.</param>
    /// <param name="text">Its value.</param>
    public static CredentialSource? Of(string section, string fileSetting, string? file, string textSetting, string? text)
    {
        if (!string.IsNullOrEmpty(file))
            return OfFiles($"{section}:{fileSetting}", file);
        return string.IsNullOrEmpty(text) ? null : OfText($"{section}:{textSetting}", text);
    }

    /// <summary>Reads the text. Secret.</summary>
    /// <exception cref="CredentialException">A file cannot be read, or is too large.</exception>
    public string Read() => _text ?? string.Join('\n', _files.Select(ReadFile));

    private static string ReadFile(string path)
    {
        try
        {
            return new FileInfo(path).Length <= FileBytesMax
                ? File.ReadAllText(path)
                : throw new CredentialException($"the file {path} is larger than {FileBytesMax} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CredentialException($"the file {path} cannot be read ({e.GetType().Name})");
        }
    }

    internal static string FingerprintOf(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
