using FsCheck;
using FsCheck.Fluent;
using Sotto.OxenMq;

namespace OxenMq.Tests;

/// <summary>Frames that nobody foresaw (those that were recorded are among the vector tests).</summary>
public sealed class FrameTests
{
    [Test]
    public void Any_parts_are_told_for_something() =>
        Prop.ForAll<byte[][]>(parts => Enum.IsDefined(Parse(parts).Kind)).QuickCheckThrowOnFailure();

    [Test]
    public void Any_name_that_is_no_word_of_the_protocol_is_a_command_with_its_data() =>
        Prop.ForAll<byte[], byte[][]>((name, data) =>
        {
            var frame = Parse([name, .. data]);
            return frame.Kind == OxenMqFrameKind.Command && frame.Subject.Span.SequenceEqual(name) && frame.Data.Length == data.Length;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Any_tag_is_kept_even_an_empty_one() =>
        Prop.ForAll<byte[]>(tag =>
        {
            var reply = Parse(["REPLY"u8.ToArray(), tag]);
            var refusal = Parse(["FORBIDDEN"u8.ToArray(), "REPLY"u8.ToArray(), tag]);
            return reply.Kind == OxenMqFrameKind.Reply && reply.Subject.Span.SequenceEqual(tag) && reply.Data.Length == 0
                && refusal.Kind == OxenMqFrameKind.RequestRefused && refusal.Subject.Span.SequenceEqual(tag) && refusal.Code == "FORBIDDEN";
        }).QuickCheckThrowOnFailure();

    [Test]
    public void No_parts_and_a_name_that_is_too_long_mean_nothing()
    {
        Assert.That(Parse([]).Kind, Is.EqualTo(OxenMqFrameKind.Meaningless));
        Assert.That(Parse([new byte[OxenMqFrame.NameBytesMax + 1]]).Kind, Is.EqualTo(OxenMqFrameKind.Meaningless));
        Assert.That(Parse([new byte[OxenMqFrame.NameBytesMax]]).Kind, Is.EqualTo(OxenMqFrameKind.Command));
    }

    private static OxenMqFrame Parse(byte[][] parts) => OxenMqFrame.Parse([.. parts.Select(part => new ReadOnlyMemory<byte>(part))]);
}
