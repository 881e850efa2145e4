using System.Text;
using Sotto.Bencode;

namespace Sotto.Session;

/// <summary>A storage server's word of one new message, <c>notify.message</c> (session-v2 section 5.8). Each member of the swarm says it.</summary>
public readonly record struct NotifyMessage
{
    /// <summary>Shortest and longest message hash, in bytes.</summary>
    public const int HashLengthMin = 32;

    /// <inheritdoc cref="HashLengthMin"/>
    public const int HashLengthMax = 99;

    /// <summary>Most that the network stores as one message, in bytes (oxenmq section 6).</summary>
    public const int DataBytesMax = 76_800;

    /// <summary>The account that the message is for.</summary>
    public required AccountId Account { get; init; }

    /// <summary>The message's name in the network, ASCII: today 43 characters of base64.</summary>
    public required string Hash { get; init; }

    /// <summary>The namespace that it was stored in.</summary>
    public required short Namespace { get; init; }

    /// <summary>When it was stored, unix milliseconds.</summary>
    public required long TimestampMilliseconds { get; init; }

    /// <summary>When the network deletes it, unix milliseconds.</summary>
    public required long ExpiryMilliseconds { get; init; }

    /// <summary>The message as stored, when it was asked for and came. From <see cref="TryParse"/> it is a slice of what was parsed.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }

    /// <summary>
    /// Reads the one part of the command. False, never an exception, for everything that is not exactly right: the sender is a stranger.
    /// Allocates the hash and nothing else.
    /// </summary>
    public static bool TryParse(ReadOnlyMemory<byte> part, out NotifyMessage message)
    {
        message = default;
        var reader = new BencodeReader(part.Span);
        if (!reader.TryEnterDictionary()
            || !reader.TrySeekKey("@"u8) || !reader.TryReadBytes(out var accountBytes) || !AccountId.TryCreate(accountBytes, out var account)
            || !reader.TrySeekKey("h"u8) || !reader.TryReadBytes(out var hash) || !IsHash(hash)
            || !reader.TrySeekKey("n"u8) || !reader.TryReadInt64(out var @namespace) || @namespace is < short.MinValue or > short.MaxValue
            || !reader.TrySeekKey("t"u8) || !reader.TryReadInt64(out var timestamp)
            || !reader.TrySeekKey("z"u8) || !reader.TryReadInt64(out var expiry)
            || !TryReadData(ref reader, part, out var data)
            || !reader.TryLeaveDictionary() || !reader.TryEndInput())
        {
            return false;
        }

        message = new NotifyMessage
        {
            Account = account,
            Hash = Encoding.ASCII.GetString(hash),
            Namespace = (short)@namespace,
            TimestampMilliseconds = timestamp,
            ExpiryMilliseconds = expiry,
            Data = data,
        };
        return true;
    }

    /// <summary>Never the account.</summary>
    public override string ToString() => nameof(NotifyMessage);

    private static bool IsHash(ReadOnlySpan<byte> hash) => hash.Length is >= HashLengthMin and <= HashLengthMax && Ascii.IsValid(hash);

    private static bool TryReadData(ref BencodeReader reader, ReadOnlyMemory<byte> part, out ReadOnlyMemory<byte>? data)
    {
        data = null;
        if (!reader.TrySeekKey("~"u8))
            return true;

        if (!reader.TryReadBytes(out var bytes) || bytes.Length > DataBytesMax)
            return false;

        data = part.Slice(reader.Offset - bytes.Length, bytes.Length);
        return true;
    }
}
