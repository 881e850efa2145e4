using System.Text;
using SubscriptionApi.Providers;

namespace SubscriptionApi.Tests.Providers;

public sealed class CompactJsonTests
{
    [TestCase("""{ "token" : "a" }""", """{"token":"a"}""")]
    [TestCase("""{"b":1,"a":{"d":[ 1, 2 ],"c":null}}""", """{"a":{"c":null,"d":[1,2]},"b":1}""")]
    [TestCase("""{"a":1,"a":2}""", """{"a":2}""")]
    [TestCase("""{"B":1,"a":2,"":3}""", """{"":3,"B":1,"a":2}""")]
    [TestCase("""["\u0041\u00e9","<&'+>"]""", """["Aé","<&'+>"]""")]
    [TestCase("1.50e2", "1.50e2")]
    [TestCase("-0", "-0")]
    [TestCase("true", "true")]
    [TestCase("\"x\"", "\"x\"")]
    public void A_value_has_one_spelling(string json, string compact)
    {
        Assert.That(CompactJson.TryWrite(Encoding.UTF8.GetBytes(json), out var written), Is.True);
        Assert.That(Encoding.UTF8.GetString(written!), Is.EqualTo(compact));
    }

    [TestCase(64, true)]
    [TestCase(65, false)]
    [TestCase(50_000, false)]
    public void Nesting_has_a_limit(int depth, bool taken) =>
        Assert.That(CompactJson.TryWrite(Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth)), out _), Is.EqualTo(taken));
}
