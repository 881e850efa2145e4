using System.Text;
using Sotto.Session;

namespace Protocols.Tests.Session;

public sealed class JsonBytesTests
{
    private static readonly int[] Sizes = [32, 33, 36, 64];

    [Test]
    public void Every_spelling_of_any_bytes_is_read() => Prop.ForAll(BytesOfASize, bytes =>
        ReadsAs(Convert.ToHexString(bytes), bytes)
        && ReadsAs(Convert.ToHexStringLower(bytes), bytes)
        && ReadsAs(Convert.ToBase64String(bytes), bytes)
        && ReadsAs(Convert.ToBase64String(bytes).TrimEnd('='), bytes)
        && ReadsAs(Convert.ToBase64String(bytes) + "==", bytes)).Check();

    [Test]
    public void Text_of_the_right_size_is_taken_as_it_is() => Prop.ForAll(BytesOfASize, bytes =>
    {
        byte[] ascii = [.. bytes.Select(b => (byte)(b & 0x7f))];
        return ReadsAs(Encoding.ASCII.GetString(ascii), ascii);
    }).Check();

    [Test]
    public void Any_text_is_read_or_refused_but_never_throws() => Prop.ForAll((string? text, NonNegativeInt size) =>
    {
        var bytes = new byte[size.Get % 70];
        var utf8 = Encoding.UTF8.GetBytes(text ?? "");
        return !JsonBytes.TryDecode(text ?? "", bytes) || bytes.Length == 0 || utf8.Length == bytes.Length
            || (text!.Length >= bytes.Length && text.All(char.IsAscii));
    }).Check(2000);

    [TestCase("\ud800")]
    [TestCase("a\udc00")]
    public void Half_a_character_is_no_bytes(string text)
    {
        Assert.That(JsonBytes.TryDecode(text, new byte[3]), Is.False);
        Assert.That(JsonBytes.TryDecode(text, new byte[4]), Is.False);
    }

    [Test]
    public void Raw_text_comes_before_hex_and_hex_before_base64()
    {
        // 64 hex digits: raw for 64 bytes, hex for 32, base64 for 48.
        var text = new string('a', 64);
        var (raw, hex, base64) = (new byte[64], new byte[32], new byte[48]);

        Assert.That(JsonBytes.TryDecode(text, raw) && JsonBytes.TryDecode(text, hex) && JsonBytes.TryDecode(text, base64), Is.True);
        Assert.That(raw, Is.All.EqualTo((byte)'a'));
        Assert.That(hex, Is.All.EqualTo(0xaa));
        Assert.That(base64, Is.EqualTo(Convert.FromBase64String(text)));
    }

    [Test]
    public void White_space_and_the_other_alphabet_are_refused()
    {
        var bytes = Enumerable.Repeat((byte)0xff, 33).ToArray();
        var text = Convert.ToBase64String(bytes);

        Assert.That(ReadsAs(text, bytes), Is.True);
        Assert.That(JsonBytes.TryDecode(text.Replace('/', '_'), new byte[33]), Is.False);
        Assert.That(JsonBytes.TryDecode(text[..^1] + "\n", new byte[33]), Is.False);
        Assert.That(JsonBytes.TryDecode(" " + text[1..], new byte[33]), Is.False);
        Assert.That(JsonBytes.TryDecode("=" + text[1..], new byte[33]), Is.False);
    }

    private static Arbitrary<byte[]> BytesOfASize =>
        Gen.Elements(Sizes).SelectMany(size => Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>(), size)).ToArbitrary();

    private static bool ReadsAs(string text, byte[] expected)
    {
        var bytes = new byte[expected.Length];
        return JsonBytes.TryDecode(text, bytes) && bytes.SequenceEqual(expected);
    }
}
