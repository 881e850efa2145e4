using System.Text;
using System.Text.Json;
using Sotto.OxenMq;
using Sotto.TestSupport;

namespace OxenMq.Tests;

/// <summary>
/// A listener says over a real socket what the recorded listener said; the client must come to the recorded results, although its tags are its own.
/// </summary>
[Category("vectors")]
public sealed class RecordedConversationTests
{
    [TestCaseSource(nameof(Conversations))]
    public async Task A_recorded_listener_is_understood_over_the_wire(VectorCase vector)
    {
        using var listener = vector.Json.GetProperty("curve").GetBoolean() ? RawListener.Curve() : RawListener.Plain();
        using var observed = new ObservedClient();
        var peer = await observed.ConnectAsync(listener);

        var frames = vector.Json.GetProperty("frames").EnumerateArray()
            .Select(frame => (IsClient: frame[0].GetString() == "client", Parts: frame[1].HexList().Select(Encoding.Latin1.GetString).ToArray()))
            .ToArray();
        var answered = 0;
        for (var i = 1; i < frames.Length; i++)
        {
            if (frames[i].IsClient || frames[i].Parts is not (["REPLY", ..] or [_, "REPLY", _]))
                continue;

            // The request is the one before it with the same tag; ours takes its place.
            var recordedTag = frames[i].Parts[frames[i].Parts[0] == "REPLY" ? 1 : 2];
            var recorded = frames[..i].Last(frame => frame.IsClient && frame.Parts is [_, var tag, ..] && tag == recordedTag).Parts;
            var data = recorded[2..].Select(part => new ReadOnlyMemory<byte>(Encoding.Latin1.GetBytes(part))).ToArray();
            var reply = observed.Client.RequestAsync(peer, recorded[0], data);
            var request = await listener.ReceiveAsync();
            Assert.That(request[2..], Is.EqualTo(recorded[2..]));
            listener.Send([.. frames[i].Parts.Select(part => part == recordedTag ? request[1] : part)]);
            Assert.That(await OutcomeAsync(reply), Is.EqualTo(Expected(frames[i].Parts)));
            answered++;
        }

        Assert.That(answered, Is.GreaterThan(0));
        foreach (var frame in frames.Where(frame => !frame.IsClient && frame.Parts is ["HI" or "HELLO" or "BYE"]))
            listener.Send(frame.Parts);
        Assert.That(await observed.NextAsync(), Is.EqualTo("failed: Goodbye"));
    }

    public static IEnumerable<TestCaseData> Conversations() => VectorFolder.Cases("oxenmq", "client-frames.json", "variants");

    private static string[] Expected(string[] answer) => answer[0] == "REPLY" ? answer[2..] : ["refused: " + answer[0]];

    private static async Task<string[]> OutcomeAsync(Task<IReadOnlyList<ReadOnlyMemory<byte>>> reply)
    {
        try
        {
            return [.. (await reply.WaitAsync(TimeSpan.FromSeconds(20))).Select(part => Encoding.Latin1.GetString(part.Span))];
        }
        catch (OxenMqException refused)
        {
            return ["refused: " + refused.Code];
        }
    }
}
