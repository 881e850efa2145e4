using System.Text;
using SubscriptionApi.Subscriptions;

namespace SubscriptionApi.Tests.Subscriptions;

public sealed class JsonTextTests
{
    [TestCase("{}")]
    [TestCase("[1,2]")]
    [TestCase(" \t\r\n5 ")]
    [TestCase("\uFEFF{}")]
    [TestCase("\"\\ud83d\\ude00\"")]
    [TestCase("\"\\\\ud83d\"")]
    [TestCase("\"\\\\\\u0041\"")]
    [TestCase("\"\\u0000\"")]
    [TestCase("{\"a\":1,\"a\":2}")]
    [TestCase("\"é😀\"")]
    public void Json_is_read(string text) => Assert.That(Parses(Encoding.UTF8.GetBytes(text)), Is.True);

    [TestCase("")]
    [TestCase("{")]
    [TestCase("{}{}")]
    [TestCase("[1,]")]
    [TestCase("{'a':1}")]
    [TestCase("/* */{}")]
    [TestCase("NaN")]
    [TestCase("01")]
    [TestCase("\"\n\"")]
    [TestCase("\"\\ud83d\"")]
    [TestCase("\"\\ude00\"")]
    [TestCase("\"\\ude00\\ud83d\"")]
    [TestCase("\"\\ud83d\\ud83d\\ude00\"")]
    [TestCase("\"\\ud83dx\"")]
    [TestCase("{\"\\ud83d\":1}")]
    public void What_is_not_json_or_not_unicode_is_not(string text) => Assert.That(Parses(Encoding.UTF8.GetBytes(text)), Is.False);

    [TestCase("22FF22")]
    [TestCase("22C0AF22")]
    [TestCase("22EDA08022")]
    [TestCase("22F490808022")]
    [TestCase("00")]
    [TestCase("FEFF")]
    public void Bytes_that_are_not_utf8_are_not_json(string hex) => Assert.That(Parses(Convert.FromHexString(hex)), Is.False);

    [TestCase(64, true)]
    [TestCase(65, false)]
    [TestCase(50_000, false)]
    public void Nesting_has_a_limit(int depth, bool taken) =>
        Assert.That(Parses(Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth))), Is.EqualTo(taken));

    private static bool Parses(byte[] body)
    {
        var parsed = JsonText.TryParse(body, out var document);
        document?.Dispose();
        return parsed;
    }
}
