using System.Security.Cryptography;
using Sotto.FakeSwarm.Wire;

namespace Sotto.FakeSwarm;

/// <summary>What a hostile or broken node may send.</summary>
public enum LieKind
{
    /// <summary>A dict that breaks off in the middle.</summary>
    CutBencode,

    /// <summary>Bytes that mean nothing.</summary>
    Garbage,

    /// <summary>A list where a dict belongs.</summary>
    NotADict,

    /// <summary>The hash is a number.</summary>
    HashNotText,

    /// <summary>An account of 32 bytes.</summary>
    ShortAccount,

    /// <summary>A hash of 5 characters.</summary>
    ShortHash,

    /// <summary>A namespace beyond 16 bits.</summary>
    NamespaceTooLarge,

    /// <summary>Lists within lists, ten thousand deep.</summary>
    DeepNesting,

    /// <summary>A string that says it has more bytes than there can be.</summary>
    LengthOverflow,

    /// <summary>A well-formed message of an account that nobody asked about.</summary>
    ForeignAccount,

    /// <summary>A well-formed message with the largest body of the network, 76,800 bytes.</summary>
    LargestBody,

    /// <summary>A message with a body of 1 MiB.</summary>
    OversizeBody,

    /// <summary>A part beyond 10 MiB, which a receiver's libzmq answers by dropping the connection.</summary>
    OversizePart,

    /// <summary>The command without its part.</summary>
    NoParts,

    /// <summary>A command that nobody serves.</summary>
    UnknownCommand,

    /// <summary>BYE.</summary>
    Goodbye,
}

internal static class Lies
{
    private const int DeepNestingDepth = 10_000;
    private const int OversizeBodyBytes = 1024 * 1024;
    private const int OversizePartBytes = (10 * 1024 * 1024) + 1;

    private static readonly byte[] Command = "notify.message"u8.ToArray();

    /// <returns>The parts of the frame.</returns>
    public static byte[][] Tell(LieKind kind, byte[] account, DateTimeOffset now) => kind switch
    {
        LieKind.CutBencode => [Command, Message(account, now)[..^9]],
        LieKind.Garbage => [Command, RandomNumberGenerator.GetBytes(200)],
        LieKind.NotADict => [Command, "l1:@e"u8.ToArray()],
        LieKind.HashNotText => [Command, new BencodeText().Raw("d1:@").String(account).Raw("1:hi5e1:ni0e1:ti1e1:zi2ee").ToArray()],
        LieKind.ShortAccount => [Command, Message(account[..32], now)],
        LieKind.ShortHash => [Command, Message(account, now, hash: "short")],
        LieKind.NamespaceTooLarge => [Command, Message(account, now, space: 70_000)],
        LieKind.DeepNesting => [Command, [.. Enumerable.Repeat((byte)'l', DeepNestingDepth), .. Enumerable.Repeat((byte)'e', DeepNestingDepth)]],
        LieKind.LengthOverflow => [Command, "d1:@99999999999999999999:e"u8.ToArray()],
        LieKind.ForeignAccount => [Command, Message([0x05, .. RandomNumberGenerator.GetBytes(32)], now)],
        LieKind.LargestBody => [Command, Message(account, now, data: new byte[FakeSwarmNetwork.DataBytesMax])],
        LieKind.OversizeBody => [Command, Message(account, now, data: new byte[OversizeBodyBytes])],
        LieKind.OversizePart => [Command, new byte[OversizePartBytes]],
        LieKind.NoParts => [Command],
        LieKind.UnknownCommand => ["notify.nosuch"u8.ToArray(), Message(account, now)],
        LieKind.Goodbye => ["BYE"u8.ToArray()],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such lie."),
    };

    private static byte[] Message(byte[] account, DateTimeOffset now, string? hash = null, long space = 0, byte[]? data = null)
    {
        var milliseconds = now.ToUnixTimeMilliseconds();
        return NotifyFrames.Message(
            account,
            hash ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('='),
            space,
            milliseconds,
            milliseconds + (long)FakeSwarmNetwork.TimeToLiveDefault.TotalMilliseconds,
            data);
    }
}
