namespace Sotto.OxenMq;

/// <summary>The words of the protocol (oxenmq section 2), as text and as they are on the wire.</summary>
public static class OxenMqWords
{
    /// <summary>No such command at the receiver.</summary>
    public const string UnknownCommand = "UNKNOWNCOMMAND";

    /// <summary>Our access level is too low.</summary>
    public const string Forbidden = "FORBIDDEN";

    /// <summary>Only service nodes may ask this.</summary>
    public const string ForbiddenServiceNode = "FORBIDDEN_SN";

    /// <summary>The receiver would have to be a service node, and is not.</summary>
    public const string NotAServiceNode = "NOT_A_SERVICE_NODE";

    /// <summary>A request without its tag.</summary>
    public const string NoReplyTag = "NO_REPLY_TAG";

    internal static ReadOnlySpan<byte> Hi => "HI"u8;

    internal static ReadOnlySpan<byte> Hello => "HELLO"u8;

    internal static ReadOnlySpan<byte> Bye => "BYE"u8;

    internal static ReadOnlySpan<byte> Reply => "REPLY"u8;

    internal static string? Refusal(ReadOnlySpan<byte> part) => part switch
    {
        _ when part.SequenceEqual("UNKNOWNCOMMAND"u8) => UnknownCommand,
        _ when part.SequenceEqual("FORBIDDEN"u8) => Forbidden,
        _ when part.SequenceEqual("FORBIDDEN_SN"u8) => ForbiddenServiceNode,
        _ when part.SequenceEqual("NOT_A_SERVICE_NODE"u8) => NotAServiceNode,
        _ when part.SequenceEqual("NO_REPLY_TAG"u8) => NoReplyTag,
        _ => null,
    };
}
