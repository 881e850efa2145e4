namespace Sotto.WebPush;

/// <summary>One message for one receiver, before it is encrypted.</summary>
/// <param name="Plaintext">At most <see cref="ContentEncryption.PlaintextBytesMax"/> bytes.</param>
/// <param name="TimeToLive">How long the service may keep it while the receiver is away, cut to whole seconds; zero means now or never.</param>
/// <param name="Urgency">One of <see cref="WebPushUrgency"/>.</param>
public sealed record WebPushMessage(ReadOnlyMemory<byte> Plaintext, TimeSpan TimeToLive, string Urgency)
{
    /// <summary>Not to be written later than so long after it was handed over; null for as late as the client's own time-out. More than zero.</summary>
    public TimeSpan? SendWithin { get; init; }

    /// <summary>Takes the place of an undelivered message of the same topic; at most <see cref="WebPushClient.TopicLengthMax"/> characters of base64url. Null for none.</summary>
    public string? Topic { get; init; }

    /// <inheritdoc/>
    // A record would print the plaintext.
    public override string ToString() => $"{nameof(WebPushMessage)} of {Plaintext.Length} bytes";
}

/// <summary>How much it matters that the receiver wakes (RFC 8030 section 5.3).</summary>
public static class WebPushUrgency
{
    /// <summary>May wait until the device is awake anyway.</summary>
    public const string Normal = "normal";

    /// <summary>Now, whatever it costs the battery.</summary>
    public const string High = "high";
}
