namespace Sotto.Contracts;

/// <summary>What travels together: events or commands of one kind that were waiting at the same moment, carried in one bus message.</summary>
/// <remarks>
/// A frame is a matter of the wire alone (decision 0002): meaning, outcome, retry and dead letter belong to each item.
/// Producers put at most <see cref="FrameLimits.ItemsMax"/> items and about <see cref="FrameLimits.BytesMax"/> bytes into one.
/// </remarks>
/// <typeparam name="T">The event or command carried.</typeparam>
public sealed record Frame<T>
    where T : class
{
    /// <summary>The items, at least one, in the order in which they were handed over.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <inheritdoc/>
    // A record would print its items.
    public override string ToString() => $"Frame of {Items.Count} {typeof(T).Name}";
}

/// <summary>The bounds of a <see cref="Frame{T}"/>.</summary>
public static class FrameLimits
{
    /// <summary>Most items in one frame. Measured: from 64 on, larger frames gain nothing.</summary>
    public const int ItemsMax = 64;

    /// <summary>Aim for a frame's weight, in bytes of item content; a single item may exceed it.</summary>
    public const int BytesMax = 128 * 1024;

    /// <summary>
    /// Most bytes of a bus message that a consumer looks at; what is longer is poison unread. No producer comes near it: a frame is closed at <see cref="BytesMax"/>, and the
    /// largest single item, a message as the network stores it, is below 100 KB.
    /// </summary>
    public const int WireBytesMax = 4 * 1024 * 1024;
}
