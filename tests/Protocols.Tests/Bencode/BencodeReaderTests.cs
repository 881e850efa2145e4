using System.Text;
using Sotto.Bencode;

namespace Protocols.Tests.Bencode;

public sealed class BencodeReaderTests
{
    private const string Alphabet = "0123456789:eild-";

    private static readonly string[] Refused =
    [
        "", "x", "\0", ":", "i1", "ie", "i-e", "i--1e", "i+1e", "i 1e", "i1 e", "i1.5e", "i0x1e", "i18446744073709551616e", "i-9223372036854775809e",
        "i30000000000000000000e", "i99999999999999999999999999999999e", "5:spam", "4spam", "4:", "-1:a", "3:spam", "9999999999:a",
        "2147483647:a", "2147483648:a", "4294967296:", "4294967297:a", "18446744073709551615:a", "18446744073709551616:a", "l", "d", "li1e", "lxe",
        "d1:a", "d1:ae", "d1:ai1e", "di1ei2ee", "dlei1ee", "dei1e", "lei1e", "i1ei2e", "e", "le ", " le",
    ];

    [Test]
    public void Any_value_survives_writing_and_reading() => Prop.ForAll(BtValue.Any.ToArbitrary(), value =>
        $"{BtValue.TryRead(value.ToBytes())}" == $"{value}").Check();

    [Test]
    public void Any_value_can_be_passed_over() => Prop.ForAll(BtValue.Any.ToArbitrary(), value => Skips(value.ToBytes())).Check();

    [Test]
    public void No_beginning_of_a_value_is_a_value() => Prop.ForAll(BtValue.Any.ToArbitrary(), value =>
        Hostile.Truncations(value.ToBytes()).All(part => BtValue.TryRead(part) is null && !Skips(part))).Check(100);

    [Test]
    public void Whatever_is_read_can_be_passed_over_and_nothing_else() => Prop.ForAll(
        BtValue.Any.ToArbitrary(), ArbMap.Default.ArbFor<int>(), (value, seed) =>
        {
            var mutated = Hostile.Mutate(value.ToBytes(), seed);
            return BtValue.TryRead(mutated) is not null == Skips(mutated);
        }).Check(2000);

    [Test]
    public void Noise_is_read_or_refused_but_never_throws_anything_else() => Prop.ForAll(
        Gen.ArrayOf(Gen.Elements(Encoding.ASCII.GetBytes(Alphabet))).ToArbitrary(),
        noise => BtValue.TryRead(noise) is not null == Skips(noise)).Check(2000);

    [TestCaseSource(nameof(Refused))]
    public void What_is_malformed_is_refused(string text)
    {
        var input = Encoding.Latin1.GetBytes(text);

        Assert.That(BtValue.TryRead(input), Is.Null);
        Assert.That(Skips(input), Is.False);
    }

    [TestCase("i-0e", 0)]
    [TestCase("i007e", 7)]
    [TestCase("i-07e", -7)]
    [TestCase("i0000000000000000000000000000000000001e", 1)]
    public void Numbers_that_nobody_should_write_are_read(string text, long expected)
    {
        var reader = new BencodeReader(Encoding.ASCII.GetBytes(text));

        Assert.That(reader.ReadInt64(), Is.EqualTo(expected));
        Assert.That(reader.TryEndInput(), Is.True);
    }

    [Test]
    public void Numbers_are_read_as_far_as_their_type_reaches()
    {
        var beyondInt64 = "i9223372036854775808e"u8.ToArray();
        var negative = "i-1e"u8.ToArray();

        Assert.That(new BencodeReader(beyondInt64).TryReadInt64(out _), Is.False);
        Assert.That(new BencodeReader(beyondInt64).ReadUInt64(), Is.EqualTo(1UL << 63));
        Assert.That(new BencodeReader(negative).TryReadUInt64(out _), Is.False);
        Assert.That(new BencodeReader("i-9223372036854775808e"u8).ReadInt64(), Is.EqualTo(long.MinValue));
    }

    [Test]
    public void Nesting_is_read_to_its_limit_and_no_further()
    {
        var deepest = Nested(BencodeReader.DepthMax);
        var tooDeep = Nested(BencodeReader.DepthMax + 1);

        Assert.That(BencodeReader.DepthMax, Is.EqualTo(32));
        Assert.That(BtValue.TryRead(deepest), Is.Not.Null);
        Assert.That(Skips(deepest), Is.True);
        Assert.That(BtValue.TryRead(tooDeep), Is.Null);
        Assert.That(Skips(tooDeep), Is.False);
        Assert.That(Skips(Nested(1_000_000)), Is.False);
    }

    [Test]
    public void A_failed_attempt_leaves_the_reader_where_it_was()
    {
        var reader = new BencodeReader("ld1:ali1eee"u8);
        reader.EnterList();

        Assert.That(reader.TrySkip(), Is.True);
        Assert.That(reader.Offset, Is.EqualTo(11));
        Assert.That(reader.TrySkip(), Is.False);
        Assert.That(reader.TryReadBytes(out _), Is.False);
        Assert.That(reader.TryEnterDictionary(), Is.False);
        Assert.That(reader.Offset, Is.EqualTo(11));
    }

    [Test]
    public void The_exception_names_the_offset_and_nothing_else()
    {
        var failure = Assert.Throws<BencodeException>(() =>
        {
            var reader = new BencodeReader("l6:secretx"u8);
            reader.EnterList();
            reader.Skip();
            reader.Skip();
        });

        Assert.That(failure!.Offset, Is.EqualTo(9));
        Assert.That(failure.Message, Is.EqualTo("Malformed bencoding at byte 9."));
    }

    [Test]
    public void A_key_is_found_behind_unknown_ones_and_missed_when_it_came_too_early()
    {
        var sorted = new BencodeReader("d1:ali1ee1:bd1:xi1ee1:ci7ee"u8);
        sorted.EnterDictionary();
        Assert.That(sorted.TrySeekKey("c"u8), Is.True);
        Assert.That(sorted.ReadInt64(), Is.EqualTo(7));
        Assert.That(sorted.TryLeaveDictionary(), Is.True);

        var unsorted = new BencodeReader("d1:ci7e1:ai1ee"u8);
        unsorted.EnterDictionary();
        Assert.That(unsorted.TrySeekKey("a"u8), Is.False);
        Assert.That(unsorted.TrySeekKey("c"u8), Is.True);
        unsorted.Skip();
        Assert.That(unsorted.TrySeekKey("b"u8), Is.False);
        Assert.That(unsorted.TryLeaveDictionary() && unsorted.TryEndInput(), Is.True);
    }

    [Test]
    public void A_dictionary_is_not_left_over_a_key_without_value()
    {
        var reader = new BencodeReader("d1:ai1e1:be"u8);
        reader.EnterDictionary();

        Assert.That(reader.TryLeaveDictionary(), Is.False);
    }

    private static byte[] Nested(int depth) => [.. Enumerable.Repeat((byte)'l', depth), .. Enumerable.Repeat((byte)'e', depth)];

    private static bool Skips(ReadOnlySpan<byte> input)
    {
        var reader = new BencodeReader(input);
        return reader.TrySkip() && reader.TryEndInput();
    }
}
