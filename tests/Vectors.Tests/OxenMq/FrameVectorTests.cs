using System.Text;
using Sotto.OxenMq;
using Sotto.Session;
using Sotto.TestSupport;

namespace Vectors.Tests.OxenMq;

/// <summary>What listeners said to clients, and how the client takes it.</summary>
public sealed class FrameVectorTests
{
    private const int TagSize = 15;

    private static readonly string[] Codes = ["UNKNOWNCOMMAND", "FORBIDDEN", "FORBIDDEN_SN", "NOT_A_SERVICE_NODE", "NO_REPLY_TAG"];

    private static IEnumerable<TestCaseData> Answers => VectorFolder.Cases("oxenmq", "listener-replies.json", "cases");

    private static IEnumerable<TestCaseData> Conversations => VectorFolder.Cases("oxenmq", "client-frames.json", "variants");

    [TestCaseSource(nameof(Answers))]
    public void Each_answer_of_a_listener_is_told_for_what_it_is(VectorCase vector)
    {
        var asked = vector.Json.HexList("dealer_sends");
        foreach (var answer in vector.Json.GetProperty("listener_sends").EnumerateArray().Select(message => message.HexList()))
        {
            var frame = AssertTold(answer);
            if (frame.Kind == OxenMqFrameKind.CommandRefused)
                Assert.That(frame.Subject.ToArray(), Is.EqualTo(asked[0]));
            else if (frame.Kind is OxenMqFrameKind.Reply or OxenMqFrameKind.RequestRefused)
                Assert.That(frame.Subject.ToArray(), Is.EqualTo(asked[1]));

            if (frame.Kind == OxenMqFrameKind.Reply && asked[0].AsSpan().SequenceEqual("rpc.get_service_nodes"u8))
                Assert.That(ServiceNodeList.TryParseReply(frame.Data, out _), Is.True);
        }
    }

    [TestCaseSource(nameof(Conversations))]
    public void Each_frame_of_a_conversation_is_told_for_what_it_is(VectorCase vector)
    {
        var tags = new HashSet<string>(StringComparer.Ordinal);
        foreach (var frame in vector.Json.GetProperty("frames").EnumerateArray())
        {
            var told = AssertTold(frame[1].HexList());
            if (frame[0].GetString() == "client" && told is { Kind: OxenMqFrameKind.Command, Data: [var tag, ..] } && tag.Length == TagSize)
                tags.Add(Convert.ToHexString(tag.Span));
            else if (frame[0].GetString() == "listener" && told.Kind is OxenMqFrameKind.Reply or OxenMqFrameKind.RequestRefused)
                Assert.That(tags.Remove(Convert.ToHexString(told.Subject.Span)), Is.True, "A reply answers a request that is waiting.");
        }

        if (!vector.Json.GetProperty("ephemeral_routing_id").GetBoolean())
            Assert.That(vector.Json.Hex("routing_id_seen_by_listener"), Is.EqualTo((byte[])[(byte)'L', .. vector.Json.Hex("client_public_key")]));
    }

    /// <summary>Compares the parser with the table of oxenmq section 2, read once more here.</summary>
    internal static OxenMqFrame AssertTold(byte[][] parts)
    {
        var frame = OxenMqFrame.Parse([.. parts.Select(part => new ReadOnlyMemory<byte>(part))]);
        var words = parts.Select(Encoding.Latin1.GetString).ToArray();
        var isCode = Codes.Contains(words[0], StringComparer.Ordinal);
        var (kind, subject, data) = words switch
        {
            ["HI", ..] => (OxenMqFrameKind.Hi, null, 0),
            ["HELLO", ..] => (OxenMqFrameKind.Hello, null, 0),
            ["BYE", ..] => (OxenMqFrameKind.Bye, null, 0),
            ["REPLY", var tag, ..] => (OxenMqFrameKind.Reply, tag, words.Length - 2),
            ["REPLY"] => (OxenMqFrameKind.Meaningless, null, 0),
            [_, "REPLY", var tag] when isCode => (OxenMqFrameKind.RequestRefused, tag, 0),
            [_, var name] when isCode => (OxenMqFrameKind.CommandRefused, name, 0),
            [var name, ..] => (OxenMqFrameKind.Command, (string?)name, words.Length - 1),
            [] => throw new InvalidOperationException("A message without parts."),
        };

        Assert.That(frame.Kind, Is.EqualTo(kind));
        Assert.That(frame.Data.Select(part => part.ToArray()), Is.EqualTo(parts[(parts.Length - data)..]));
        if (subject is not null)
            Assert.That(Encoding.Latin1.GetString(frame.Subject.Span), Is.EqualTo(subject));
        Assert.That(frame.Code, Is.EqualTo(isCode ? words[0] : null));
        return frame;
    }
}
