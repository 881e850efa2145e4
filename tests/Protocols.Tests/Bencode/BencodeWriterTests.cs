using System.Text;
using Sotto.Bencode;

namespace Protocols.Tests.Bencode;

public sealed class BencodeWriterTests
{
    private readonly BencodeWriter writer = new();

    [SetUp]
    public void Clear() => writer.Clear();

    [Test]
    public void Keys_that_peers_would_miss_are_not_written()
    {
        writer.StartDictionary();
        writer.Key("b"u8);
        writer.Write(1L);

        Assert.That(() => writer.Key("a"u8), Throws.InvalidOperationException);
        Assert.That(() => writer.Key("b"u8), Throws.InvalidOperationException);
        writer.Key("ba"u8);
        writer.Write("x"u8);
        writer.End();
        Assert.That(Encoding.ASCII.GetString(writer.Written), Is.EqualTo("d1:bi1e2:ba1:xe"));
    }

    [Test]
    public void The_empty_key_comes_first()
    {
        writer.StartDictionary();
        writer.Key([]);
        writer.Write(1L);

        Assert.That(() => writer.Key([]), Throws.InvalidOperationException);
        writer.Key("!"u8);
        writer.Write(2L);
        writer.Key([0x80]);
        writer.Write(3L);
        writer.End();
        Assert.That(writer.ToArray(), Is.EqualTo("d0:i1e1:!i2e1:"u8.ToArray().Concat((byte[])[0x80, .. "i3ee"u8])));
    }

    [Test]
    public void Keys_of_an_inner_dictionary_do_not_disturb_the_outer_one()
    {
        writer.StartDictionary();
        writer.Key("m"u8);
        writer.StartDictionary();
        writer.Key("z"u8);
        writer.Write(1L);
        writer.End();
        writer.Key("n"u8);
        writer.Write(2L);
        writer.End();

        Assert.That(Encoding.ASCII.GetString(writer.Written), Is.EqualTo("d1:md1:zi1ee1:ni2ee"));
    }

    [Test]
    public void A_structure_that_is_not_one_cannot_be_written()
    {
        Assert.That(writer.End, Throws.InvalidOperationException, "nothing is open");
        Assert.That(() => writer.Key("a"u8), Throws.InvalidOperationException, "no dictionary is open");

        writer.StartDictionary();
        Assert.That(() => writer.Write(1L), Throws.InvalidOperationException, "a key is due");
        Assert.That(writer.StartList, Throws.InvalidOperationException, "a key is due");
        writer.Key("a"u8);
        Assert.That(() => writer.Key("b"u8), Throws.InvalidOperationException, "a value is due");
        Assert.That(writer.End, Throws.InvalidOperationException, "a value is due");
        Assert.That(writer.ToArray, Throws.InvalidOperationException, "a dictionary is open");
        writer.Write(1L);
        writer.End();
        Assert.That(() => writer.Write(1L), Throws.InvalidOperationException, "one value stands at the top");
    }

    [Test]
    public void Nothing_is_written_that_is_nested_too_deep_to_be_read()
    {
        for (var depth = 0; depth < BencodeReader.DepthMax; depth++)
            writer.StartList();

        Assert.That(writer.StartList, Throws.InvalidOperationException);
        Assert.That(writer.StartDictionary, Throws.InvalidOperationException);
    }

    [Test]
    public void A_writer_can_be_used_again()
    {
        writer.StartDictionary();
        writer.Key("a"u8);
        writer.Clear();
        writer.Write(ulong.MaxValue);

        Assert.That(Encoding.ASCII.GetString(writer.ToArray()), Is.EqualTo("i18446744073709551615e"));
    }
}
