using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using NUnit.Framework;

namespace Sotto.TestSupport;

/// <summary>
/// The byte-exact test data of <c>tests/vectors</c>, or of the folder that the environment variable <see cref="Variable"/> names: files of the same names and formats, in the same
/// subfolders or without any. Case lists are run whole, whatever their length.
/// </summary>
public static class VectorFolder
{
    /// <summary>The environment variable that names another folder.</summary>
    public const string Variable = "SOTTO_VECTORS";

    private static readonly ConcurrentDictionary<string, JsonElement> Parsed = new(StringComparer.Ordinal);

    /// <summary>The folder that is read.</summary>
    public static string Root => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : Repository.At("tests", "vectors");

    /// <summary>Where a file is; null when the folder lacks it.</summary>
    public static string? PathOf(string area, string file) =>
        new[] { Path.Combine(Root, area, file), Path.Combine(Root, file) }.FirstOrDefault(File.Exists);

    /// <summary>A file's content; null when the folder lacks it.</summary>
    public static JsonElement? Load(string area, string file) => PathOf(area, file) is { } path ? Parsed.GetOrAdd(path, Parse) : null;

    /// <summary>
    /// The cases of one list in a file, for <see cref="TestCaseSourceAttribute"/>. A file that is not there, or has no such list, or cannot be read, becomes one case that says so.
    /// </summary>
    public static IEnumerable<TestCaseData> Cases(string area, string file, string list) => Cases(
        area, file, list, root => root.TryGetProperty(list, out var items) ? [.. items.EnumerateArray()] : []);

    /// <summary>The cases that <paramref name="select"/> finds in a file; see <see cref="Cases(string, string, string)"/>.</summary>
    public static IEnumerable<TestCaseData> Cases(string area, string file, string what, Func<JsonElement, IEnumerable<JsonElement>> select) =>
        Select(area, file, what, select).Select(item => new TestCaseData(item).SetArgDisplayNames(item.Name));

    private static List<VectorCase> Select(string area, string file, string what, Func<JsonElement, IEnumerable<JsonElement>> select)
    {
        try
        {
            if (Load(area, file) is not { } root)
                return [VectorCase.LeftOut($"{area}/{file}", $"{Root} has no {file}")];

            List<VectorCase> cases = [.. select(root).Select((item, index) => VectorCase.Of(NameOf(item, index), root, item))];
            return cases.Count > 0 ? cases : [VectorCase.LeftOut($"{area}/{file} {what}", $"{file} has no cases under {what}")];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException)
        {
            return [VectorCase.Unreadable($"{area}/{file} {what}", $"{file} is not of the format that is known here: {e.Message}")];
        }
    }

    private static JsonElement Parse(string path)
    {
        // Some cases are about deep nesting.
        using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 100_000 });
        return document.RootElement.Clone();
    }

    private static string NameOf(JsonElement item, int index)
    {
        string[] names = ["name", "subscription", "note", "input_text", "why"];
        var name = item.ValueKind != JsonValueKind.Object
            ? null
            : names.Select(key => item.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null)
                .FirstOrDefault(text => text is not null);
        var number = index.ToString("D3", CultureInfo.InvariantCulture);
        return name is null ? number : $"{number} {Plain(name)}";
    }

    // Test names travel through command lines and XML.
    private static string Plain(string name) =>
        new([.. name.Take(60).Select(c => char.IsAsciiLetterOrDigit(c) || " -_+:=".Contains(c, StringComparison.Ordinal) ? c : '_')]);
}
