using Sotto.Bencode;
using Sotto.TestSupport;

namespace Vectors.Tests;

public sealed class BencodeVectorTests
{
    private static IEnumerable<TestCaseData> SessionDecode => VectorFolder.Cases("session", "bencode.json", "decode");

    private static IEnumerable<TestCaseData> SessionEncode => VectorFolder.Cases("session", "bencode.json", "encode");

    private static IEnumerable<TestCaseData> NetworkDecode => VectorFolder.Cases("oxenmq", "bt.json", "decode");

    private static IEnumerable<TestCaseData> NetworkEncode => VectorFolder.Cases("oxenmq", "bt.json", "encode");

    [TestCaseSource(nameof(SessionDecode))]
    public void What_the_reference_reads_is_read(VectorCase vector) => AssertDecodes(vector, "input_hex", "result");

    [TestCaseSource(nameof(NetworkDecode))]
    public void What_the_network_reads_is_read(VectorCase vector) => AssertDecodes(vector, "hex", "tree");

    [TestCaseSource(nameof(NetworkDecode))]
    public void What_the_network_passes_over_is_passed_over(VectorCase vector)
    {
        var input = vector.Json.Hex("hex");
        var limited = BencodeTree.ExceedsOurLimits(input);

        var reader = new BencodeReader(input);
        var skipped = reader.TrySkip();
        if (vector.Json.TextOrNull("stream_no_finish") is { } open)
            Assert.That(skipped, Is.EqualTo(open == "ok" && !limited));
        if (vector.Json.TextOrNull("stream") is { } closed)
            Assert.That(skipped && reader.TryEndInput(), Is.EqualTo(closed == "ok" && !limited));
    }

    [TestCaseSource(nameof(SessionEncode))]
    public void What_the_reference_writes_is_written(VectorCase vector) => AssertEncodes(vector, "encoded_hex");

    [TestCaseSource(nameof(NetworkEncode))]
    public void What_the_network_writes_is_written(VectorCase vector) => AssertEncodes(vector, "hex");

    private static void AssertDecodes(VectorCase vector, string hex, string result)
    {
        var input = vector.Json.Hex(hex);
        var expected = vector.Json.Text(result) == "ok" && !BencodeTree.ExceedsOurLimits(input) ? BencodeTree.Of(vector.Json.GetProperty("value")) : null;

        var read = BencodeTree.Read(input);
        var skipping = new BencodeReader(input);
        var skipped = skipping.TrySkip() && skipping.TryEndInput();

        Assert.That(read, Is.EqualTo(expected));
        Assert.That(skipped, Is.EqualTo(expected is not null));
    }

    private static void AssertEncodes(VectorCase vector, string hex)
    {
        var value = vector.Json.GetProperty("value");
        var writer = new BencodeWriter();
        if (BencodeTree.ExceedsOurLimits(vector.Json.Hex(hex)))
        {
            Assert.That(() => BencodeTree.Write(writer, value), Throws.InvalidOperationException);
            return;
        }

        BencodeTree.Write(writer, value);

        Assert.That(writer.ToArray(), Is.EqualTo(vector.Json.Hex(hex)));
        Assert.That(BencodeTree.Read(writer.Written), Is.EqualTo(BencodeTree.Of(value)));
    }
}
