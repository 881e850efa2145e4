namespace DeadLetterKeeper.Storage;

/// <summary>A bus message that no consumer could take.</summary>
/// <param name="Queue">Where it came from.</param>
/// <param name="Reason">The consumer's own words, or the broker's.</param>
/// <param name="Headers">Those that are text.</param>
/// <param name="Body">As it is.</param>
internal sealed record PoisonMessage(string Queue, string Reason, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Body)
{
    /// <summary>The queue or reason of a message that does not say.</summary>
    public const string Unknown = "unknown";

    /// <summary>How the body is to be read; null when the message does not say.</summary>
    public string? ContentType { get; init; }

    /// <summary>The message's own id; null when it has none.</summary>
    public string? MessageId { get; init; }

    /// <summary>Never the content.</summary>
    public override string ToString() => $"{nameof(PoisonMessage)} {Queue}";
}
