using System.Text;

namespace Sotto.OxenMq;

/// <summary>The kinds of message of oxenmq section 2, as the connecting side sees them.</summary>
public enum OxenMqFrameKind
{
    /// <summary>No parts, a word without the part it needs, or a command name of impossible length: to be ignored.</summary>
    Meaningless,

    /// <summary><c>HI</c>: a greeting. Only a listener answers it.</summary>
    Hi,

    /// <summary><c>HELLO</c>: the answer to our greeting.</summary>
    Hello,

    /// <summary><c>BYE</c>: the listener wants the connection closed.</summary>
    Bye,

    /// <summary><c>REPLY</c>, tag, data: the answer to a request.</summary>
    Reply,

    /// <summary>A code, <c>REPLY</c>, tag: a request was refused.</summary>
    RequestRefused,

    /// <summary>A code and a command's name: a command was refused, or a request whose name is unknown or whose tag was missing.</summary>
    CommandRefused,

    /// <summary>A name and data: a command or a request to us.</summary>
    Command,
}

/// <summary>One received message, told what it is. Pure; borrows the parts it was made from.</summary>
public readonly struct OxenMqFrame
{
    /// <summary>The longest name: 50 bytes of category, a dot, 200 of command.</summary>
    public const int NameBytesMax = 251;

    private OxenMqFrame(OxenMqFrameKind kind, ReadOnlyMemory<byte>[] data, ReadOnlyMemory<byte> subject = default, string? code = null)
    {
        Kind = kind;
        Data = data;
        Subject = subject;
        Code = code;
    }

    /// <summary>What it is.</summary>
    public OxenMqFrameKind Kind { get; }

    /// <summary>The refusal's code, one of <see cref="OxenMqWords"/>; null if it is not a refusal.</summary>
    public string? Code { get; }

    /// <summary>The tag of a reply or a refused request; the name of a command or a refused command; else empty.</summary>
    public ReadOnlyMemory<byte> Subject { get; }

    /// <summary>The data parts of a reply or a command; else none.</summary>
    public ReadOnlyMemory<byte>[] Data { get; }

    /// <summary>The subject as text, for a command or a refused command.</summary>
    public string Name => Encoding.Latin1.GetString(Subject.Span);

    /// <summary>Tells what a message is. Never throws: any peer can send anything.</summary>
    /// <param name="parts">All parts, without a routing id.</param>
    public static OxenMqFrame Parse(ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        if (parts.IsEmpty)
            return new OxenMqFrame(OxenMqFrameKind.Meaningless, []);

        var first = parts[0].Span;
        if (first.SequenceEqual(OxenMqWords.Hi))
            return new OxenMqFrame(OxenMqFrameKind.Hi, []);
        if (first.SequenceEqual(OxenMqWords.Hello))
            return new OxenMqFrame(OxenMqFrameKind.Hello, []);
        if (first.SequenceEqual(OxenMqWords.Bye))
            return new OxenMqFrame(OxenMqFrameKind.Bye, []);
        if (first.SequenceEqual(OxenMqWords.Reply) && parts.Length < 2)
            return new OxenMqFrame(OxenMqFrameKind.Meaningless, []);
        if (first.SequenceEqual(OxenMqWords.Reply))
            return new OxenMqFrame(OxenMqFrameKind.Reply, parts[2..].ToArray(), parts[1]);
        if (OxenMqWords.Refusal(first) is { } code)
            return ParseRefusal(code, parts[1..]);

        return first.Length > NameBytesMax
            ? new OxenMqFrame(OxenMqFrameKind.Meaningless, [])
            : new OxenMqFrame(OxenMqFrameKind.Command, parts[1..].ToArray(), parts[0]);
    }

    // Peers older than 1.1 sent the code alone, which says nothing.
    private static OxenMqFrame ParseRefusal(string code, ReadOnlySpan<ReadOnlyMemory<byte>> rest) => rest switch
    {
        [] => new OxenMqFrame(OxenMqFrameKind.Meaningless, []),
        [var reply, var tag, ..] when reply.Span.SequenceEqual(OxenMqWords.Reply) => new OxenMqFrame(OxenMqFrameKind.RequestRefused, [], tag, code),
        [var name, ..] => new OxenMqFrame(OxenMqFrameKind.CommandRefused, [], name, code),
    };
}
