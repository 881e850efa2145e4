using System.Text;
using Sotto.Session;

namespace SubscriptionApi.Tests.Subscriptions;

public sealed class ClientJsonTests
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

    [TestCase("7B7D00", "7B7D")]
    [TestCase("7B7D007B", "7B7D")]
    [TestCase("7B7D00FF", "7B7D")]
    [TestCase("EFBBBF353500", "3535")]
    public void A_nul_ends_the_text(string hex, string taken)
    {
        Assert.That(ClientJson.TryTake(Convert.FromHexString(hex), out var json), Is.True);
        Assert.That(Convert.ToHexString(json.Span), Is.EqualTo(taken));
    }

    [TestCase("22610022")]
    [TestCase("7B007D")]
    [TestCase("5B312C00325D")]
    public void A_nul_inside_a_value_leaves_half_of_it(string hex) => Assert.That(Parses(Convert.FromHexString(hex)), Is.False);

    [TestCase("1e400", false)]
    [TestCase("-1e400", false)]
    [TestCase("{\"unknown\":[1E+999]}", false)]
    [TestCase("1e308", true)]
    [TestCase("1e-999", true)]
    [TestCase("99999999999999999999", true)]
    [TestCase("-0", true)]
    [TestCase("-", false)]
    [TestCase("+1", false)]
    [TestCase("1.", false)]
    [TestCase(".5", false)]
    [TestCase("Infinity", false)]
    public void A_number_must_be_one_and_fit_a_double(string text, bool taken) => Assert.That(Parses(Encoding.UTF8.GetBytes(text)), Is.EqualTo(taken));

    [Test]
    public void An_integer_of_more_digits_than_a_double_holds_is_refused()
    {
        Assert.That(Parses(Encoding.ASCII.GetBytes(new string('9', 308))), Is.True);
        Assert.That(Parses(Encoding.ASCII.GetBytes(new string('9', 310))), Is.False);
        Assert.That(Parses(Encoding.ASCII.GetBytes("0." + new string('9', 5_000))), Is.True);
    }

    [TestCase(65)]
    [TestCase(1_000)]
    [TestCase(50_000)]
    public void Nesting_has_no_limit(int depth) =>
        Assert.That(Parses(Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth))), Is.True);

    private static bool Parses(byte[] body) => ClientJson.TryTake(body, out _);
}
