using System.Text.Json;

namespace SubscriptionApi.Tests.Vectors;

/// <summary>Of an error only the code counts, of a success every member.</summary>
internal static class Expected
{
    public static void Answer(JsonElement expected, JsonElement actual)
    {
        if (expected.ValueKind == JsonValueKind.Array)
        {
            Assert.That(actual.ValueKind, Is.EqualTo(JsonValueKind.Array), $"{actual}");
            Assert.That(actual.GetArrayLength(), Is.EqualTo(expected.GetArrayLength()), $"{actual}");
            foreach (var (want, got) in expected.EnumerateArray().Zip(actual.EnumerateArray()))
                Answer(want, got);
        }
        else if (expected.TryGetProperty("error", out var code))
        {
            Error(code.GetInt32(), actual);
        }
        else
        {
            Assert.That(JsonElement.DeepEquals(actual, expected), Is.True, $"{actual}");
        }
    }

    public static void Error(int code, JsonElement actual)
    {
        Assert.That(actual.TryGetProperty("error", out var number) && number.GetInt32() == code, Is.True, $"expected error {code}, got {actual}");
        Assert.That(actual.GetProperty("message").GetString(), Is.Not.Empty);
        Assert.That(actual.EnumerateObject().Count(), Is.EqualTo(2));
    }

    public static void Success(string kind, JsonElement actual) =>
        Assert.That(actual.TryGetProperty(kind, out var flag) && flag.GetBoolean() && actual.GetProperty("success").GetBoolean(), Is.True, $"{actual}");
}
