using System.Text;
using Sotto.Bencode;
using Sotto.Session;

namespace Protocols.Tests.Session;

public sealed class MonitorTests
{
    private static readonly Phone Owner = new(1);

    [Test]
    public void A_request_names_its_keys_in_order()
    {
        var subscription = new MonitorSubscription(Owner.Group, null, new byte[36], new byte[64], [-1, 2], WantsData: true, 7, new byte[64]);
        var writer = new BencodeWriter();

        MonitorRequest.Append(writer, subscription);

        var shape = Encoding.Latin1.GetString(writer.Written).Replace("\0", "", StringComparison.Ordinal);
        Assert.That(shape, Does.StartWith("d1:S64:1:T36:1:di1e1:nli-1ei2ee1:p33:").And.EndsWith("1:s64:1:ti7ee"));
    }

    [Test]
    public void A_person_is_named_by_key_and_data_not_wanted_is_not_mentioned()
    {
        var subscription = new MonitorSubscription(Owner.Session, Owner.PublicKey, null, null, [0], WantsData: false, 7, new byte[64]);
        var writer = new BencodeWriter();

        MonitorRequest.Append(writer, subscription);

        Assert.That(Encoding.Latin1.GetString(writer.Written), Does.StartWith("d1:P32:").And.Contains("1:nli0ee1:s64:").And.Not.Contains("1:di"));
    }

    [Test]
    public void What_no_server_would_take_is_not_written()
    {
        var writer = new BencodeWriter();
        var noKey = new MonitorSubscription(Owner.Session, null, null, null, [0], WantsData: false, 7, new byte[64]);
        var noSignature = new MonitorSubscription(Owner.Group, null, new byte[36], null, [0], WantsData: false, 7, new byte[64]);

        Assert.That(() => MonitorRequest.Append(writer, noKey), Throws.ArgumentException);
        Assert.That(() => MonitorRequest.Append(writer, noSignature), Throws.ArgumentException);
        Assert.That(writer.Length, Is.Zero);
    }

    [TestCase("le", 0, true, "")]
    [TestCase("d7:successi1ee", 1, false, "0")]
    [TestCase("ld7:successi1eed7:errcodei5e5:error3:badee", 2, true, "0,5")]
    [TestCase("d3:abci1e7:errcodei1e5:error1:x6:futureli1ee7:successi0ee", 1, false, "1")]
    [TestCase("d7:errcodei4ee", 1, false, "4")]
    public void A_reply_is_read(string text, int resultsMax, bool isList, string codes)
    {
        Assert.That(MonitorReply.TryParse(Encoding.ASCII.GetBytes(text), resultsMax, out var reply), Is.True);
        Assert.That(reply!.IsList, Is.EqualTo(isList));
        Assert.That(string.Join(',', reply.Results.Select(result => result.Accepted ? 0 : result.ErrorCode)), Is.EqualTo(codes));
    }

    [TestCase("")]
    [TestCase("i1e")]
    [TestCase("de")]
    [TestCase("l1:xe")]
    [TestCase("d7:successi0ee")]
    [TestCase("d7:success1:1e")]
    [TestCase("d7:errcode1:1e")]
    [TestCase("d7:errcodei1e5:errori1ee")]
    [TestCase("d7:successi1eed7:successi1ee")]
    [TestCase("ld7:successi1ee")]
    [TestCase("ld7:successi1eeed")]
    public void What_is_no_reply_is_refused(string text) => Assert.That(MonitorReply.TryParse(Encoding.ASCII.GetBytes(text), 10, out _), Is.False);

    [Test]
    public void More_results_than_were_asked_for_are_refused()
    {
        var reply = Encoding.ASCII.GetBytes("l" + string.Concat(Enumerable.Repeat("d7:successi1ee", 3)) + "e");

        Assert.That(MonitorReply.TryParse(reply, 3, out _), Is.True);
        Assert.That(MonitorReply.TryParse(reply, 2, out _), Is.False);
        Assert.That(MonitorReply.TryParse("d7:successi1ee"u8, 0, out _), Is.False);
    }

    [Test]
    public void An_error_text_is_cut_and_made_printable()
    {
        var text = "\n\u001b[31m" + new string('x', 5000);

        Assert.That(MonitorReply.TryParse(Encoding.ASCII.GetBytes($"d7:errcodei1e5:error{text.Length}:{text}e"), 1, out var reply), Is.True);
        Assert.That(reply!.Results[0].Error, Has.Length.EqualTo(MonitorReply.ErrorLengthMax).And.StartsWith("??[31mxxx"));
    }

    [Test]
    public void Whatever_strangers_reply_nothing_is_thrown() => Prop.ForAll((int seed) =>
    {
        var reply = Hostile.Mutate("ld7:successi1eed7:errcodei5e5:error3:badee"u8.ToArray(), seed);
        return !MonitorReply.TryParse(reply, 2, out var parsed) || parsed.Results.Count <= 2;
    }).Check(3000);
}
