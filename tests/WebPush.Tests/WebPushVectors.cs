using System.Text.Json;
using NUnit.Framework;
using Sotto.TestSupport;

namespace WebPush.Tests;

internal static class WebPushVectors
{
    public static JsonElement File(string name) =>
        JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "vectors", "providers", name))).RootElement;

    public static IEnumerable<TestCaseData> Cases(JsonElement list) => list.EnumerateArray().Select((@case, i) =>
        new TestCaseData(@case).SetArgDisplayNames(@case.ValueKind == JsonValueKind.Object && @case.TryGetProperty("name", out var name) ? name.GetString()! : $"case {i}"));

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
