using System.Globalization;
using Sotto.Delivery;

namespace Senders.Tests.Vectors;

[Category("vectors")]
public sealed class RetryAfterVectorTests
{
    public static IEnumerable<TestCaseData> Cases => VectorFolder.Cases("providers", "retry-after.json", "cases");

    [TestCaseSource(nameof(Cases))]
    public void A_header_is_read_as_its_vector_says(VectorCase vector)
    {
        var now = DateTimeOffset.Parse(vector.Root.Text("now"), CultureInfo.InvariantCulture);
        var cap = TimeSpan.FromSeconds(vector.Root.GetProperty("cap_seconds").GetInt32());
        var seconds = vector.Json.GetProperty("seconds");
        TimeSpan? expected = seconds.ValueKind == System.Text.Json.JsonValueKind.Null ? null : TimeSpan.FromSeconds(seconds.GetInt32());

        Assert.That(RetryAfter.Read(vector.Json.Text("v"), now, cap), Is.EqualTo(expected));
    }
}
