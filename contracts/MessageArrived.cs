namespace Sotto.Contracts;

/// <summary>Event: this account has this new message. Said by a listener, once per message as far as it can tell.</summary>
/// <remarks>Repetition is harmless: the Encryptor suppresses duplicates durably.</remarks>
public sealed record MessageArrived
{
    /// <summary>Account id, 33 bytes: network prefix, then key.</summary>
    public required byte[] Account { get; init; }

    /// <summary>The message's hash as the network names it, ASCII, 32 to 99 characters.</summary>
    public required string MessageHash { get; init; }

    /// <summary>The namespace that the message was stored in.</summary>
    public required short Namespace { get; init; }

    /// <summary>When the message was stored, as the network says, in unix milliseconds.</summary>
    public required long StoredAtMilliseconds { get; init; }

    /// <summary>When the network will delete the message, in unix milliseconds.</summary>
    public required long ExpiresAtMilliseconds { get; init; }

    /// <summary>The message as the network stores it (already end-to-end encrypted), at most 76,800 bytes; null when the network did not send it.</summary>
    public byte[]? Data { get; init; }

    /// <summary>When the listener took the message from the wire; for measuring only.</summary>
    public DateTimeOffset HeardAt { get; init; }

    /// <inheritdoc/>
    // A record would print every property, the account included.
    public override string ToString() => nameof(MessageArrived);
}
