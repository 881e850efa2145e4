using System.Text;
using Sotto.Bencode;

namespace Protocols.Tests.Bencode;

public sealed class BencodeWriterTests
{
    private readonly BencodeWriter _writer = new();

    [SetUp]
    public void Clear() => _writer.Clear();

    [Test]
    public void Keys_that_peers_would_miss_are_not_written()
    {
        _writer.StartDictionary();
        _writer.Key("b"u8);
        _writer.Write(1L);

        Assert.That(() => _writer.Key("a"u8), Throws.InvalidOperationException);
        Assert.That(() => _writer.Key("b"u8), Throws.InvalidOperationException);
        _writer.Key("ba"u8);
        _writer.Write("x"u8);
        _writer.End();
        Assert.That(Encoding.ASCII.GetString(_writer.Written), Is.EqualTo("d1:bi1e2:ba1:xe"));
    }

    [Test]
    public void The_empty_key_comes_first()
    {
        _writer.StartDictionary();
        _writer.Key([]);
        _writer.Write(1L);

        Assert.That(() => _writer.Key([]), Throws.InvalidOperationException);
        _writer.Key("!"u8);
        _writer.Write(2L);
        _writer.Key([0x80]);
        _writer.Write(3L);
        _writer.End();
        Assert.That(_writer.ToArray(), Is.EqualTo("d0:i1e1:!i2e1:"u8.ToArray().Concat((byte[])[0x80, .. "i3ee"u8])));
    }

    [Test]
    public void Keys_of_an_inner_dictionary_do_not_disturb_the_outer_one()
    {
        _writer.StartDictionary();
        _writer.Key("m"u8);
        _writer.StartDictionary();
        _writer.Key("z"u8);
        _writer.Write(1L);
        _writer.End();
        _writer.Key("n"u8);
        _writer.Write(2L);
        _writer.End();

        Assert.That(Encoding.ASCII.GetString(_writer.Written), Is.EqualTo("d1:md1:zi1ee1:ni2ee"));
    }

    [Test]
    public void A_structure_that_is_not_one_cannot_be_written()
    {
        Assert.That(_writer.End, Throws.InvalidOperationException, "nothing is open");
        Assert.That(() => _writer.Key("a"u8), Throws.InvalidOperationException, "no dictionary is open");

        _writer.StartDictionary();
        Assert.That(() => _writer.Write(1L), Throws.InvalidOperationException, "a key is due");
        Assert.That(_writer.StartList, Throws.InvalidOperationException, "a key is due");
        _writer.Key("a"u8);
        Assert.That(() => _writer.Key("b"u8), Throws.InvalidOperationException, "a value is due");
        Assert.That(_writer.End, Throws.InvalidOperationException, "a value is due");
        Assert.That(_writer.ToArray, Throws.InvalidOperationException, "a dictionary is open");
        _writer.Write(1L);
        _writer.End();
        Assert.That(() => _writer.Write(1L), Throws.InvalidOperationException, "one value stands at the top");
    }

    [Test]
    public void Nothing_is_written_that_is_nested_too_deep_to_be_read()
    {
        for (var depth = 0; depth < BencodeReader.DepthMax; depth++)
            _writer.StartList();

        Assert.That(_writer.StartList, Throws.InvalidOperationException);
        Assert.That(_writer.StartDictionary, Throws.InvalidOperationException);
    }

    [Test]
    public void A_writer_can_be_used_again()
    {
        _writer.StartDictionary();
        _writer.Key("a"u8);
        _writer.Clear();
        _writer.Write(ulong.MaxValue);

        Assert.That(Encoding.ASCII.GetString(_writer.ToArray()), Is.EqualTo("i18446744073709551615e"));
    }
}
