using System.Text;
using Sotto.Contracts;
using Sotto.Session;

namespace Encryptor;

/// <summary>A message as it arrived, its sizes checked.</summary>
internal readonly record struct ArrivedMessage
{
    // 253402300799999 is the last millisecond of the year 9999; a date cannot say more.
    private const long MillisecondsMax = 253_402_300_799_999;

    // How far the clocks of this system and of the network may be apart: our own bound, far above what the network's signatures tolerate.
    private static readonly TimeSpan ClockDifferenceMax = TimeSpan.FromHours(1);

    /// <summary>What the device is told of.</summary>
    public required NotifyMessage Swarm { get; init; }

    /// <summary>When a push for it is worth nothing any more.</summary>
    public required DateTimeOffset PushExpiresAt { get; init; }

    /// <inheritdoc cref="MessageArrived.HeardAt"/>
    public required DateTimeOffset HeardAt { get; init; }

    /// <summary>Null when the message can be used; else what is wrong with it, in words that tell nothing of it.</summary>
    public static string? Read(MessageArrived? arrived, DateTimeOffset now, TimeSpan pushLifetime, out ArrivedMessage message)
    {
        message = default;
        if (arrived is null)
            return "nothing at all";
        if (!AccountId.TryCreate(arrived.Account, out var account))
            return $"account of {arrived.Account?.Length ?? 0} bytes";
        if (arrived.MessageHash is not { Length: >= NotifyMessage.HashLengthMin and <= NotifyMessage.HashLengthMax } hash || !Ascii.IsValid(hash))
            return "message hash is not 32 to 99 ASCII characters";
        if (arrived.Data?.Length > NotifyMessage.DataBytesMax)
            return $"data of {arrived.Data.Length} bytes";

        message = new ArrivedMessage
        {
            Swarm = new NotifyMessage
            {
                Account = account,
                Hash = hash,
                Namespace = arrived.Namespace,
                TimestampMilliseconds = arrived.StoredAtMilliseconds,
                ExpiryMilliseconds = arrived.ExpiresAtMilliseconds,
                Data = arrived.Data,
            },
            PushExpiresAt = Earlier(NetworkExpiry(arrived.ExpiresAtMilliseconds, arrived.HeardAt), now + pushLifetime),
            HeardAt = arrived.HeardAt,
        };
        return null;
    }

    /// <summary>Never the account.</summary>
    public override string ToString() => nameof(ArrivedMessage);

    // No storage server keeps a message until 1970 or before, or beyond the calendar, nor tells of one that it would have deleted long before: whatever that is, it is no expiry, and
    // the device should hear of its message.
    private static DateTimeOffset NetworkExpiry(long milliseconds, DateTimeOffset heardAt)
    {
        if (milliseconds is <= 0 or > MillisecondsMax)
            return DateTimeOffset.MaxValue;
        var expiry = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        return heardAt - expiry > ClockDifferenceMax ? DateTimeOffset.MaxValue : expiry;
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
