namespace Sotto.Apns;

/// <summary>One notification for one device, as Apple wants it (providers.md section 3.4).</summary>
/// <param name="Id">Sent as <c>apns-id</c>; a repeated send should carry the same.</param>
/// <param name="DeviceToken">Hex digits of the device token; sent in lower case. Secret.</param>
/// <param name="Body">JSON, at most <see cref="BodyBytesMax"/> bytes (<see cref="VoipBodyBytesMax"/> for <c>voip</c>).</param>
public sealed record ApnsNotification(Guid Id, string DeviceToken, ReadOnlyMemory<byte> Body)
{
    /// <summary>Most bytes of a body, except that of a <c>voip</c> notification.</summary>
    public const int BodyBytesMax = 4096;

    /// <summary>Most bytes of the body of a <c>voip</c> notification.</summary>
    public const int VoipBodyBytesMax = 5120;

    /// <summary>Most bytes of <see cref="CollapseId"/>.</summary>
    public const int CollapseIdBytesMax = 64;

    /// <summary>The <c>apns-push-type</c>.</summary>
    public string PushType { get; init; } = ApnsPushType.Alert;

    /// <summary>10: deliver at once. 5: with regard to the battery. 1: never wake the device. A <c>background</c> notification must have 5.</summary>
    public int Priority { get; init; } = 10;

    /// <summary>Until when Apple keeps it for an absent device; null leaves it to Apple (up to 30 days).</summary>
    public DateTimeOffset? Expiration { get; init; }

    /// <summary>Notifications of one collapse id replace each other on the device; null for none.</summary>
    public string? CollapseId { get; init; }

    /// <summary>From then on it is worthless and is not sent, however long it waits for a stream; null for never. Not told to Apple.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <inheritdoc/>
    // A record would print the token and the body.
    public override string ToString() => $"{nameof(ApnsNotification)} {Id}";
}

/// <summary>Values of <c>apns-push-type</c> that a messenger needs, in Apple's spelling.</summary>
public static class ApnsPushType
{
    /// <summary>Shown to the user, perhaps after the app's extension has worked on it.</summary>
    public const string Alert = "alert";

    /// <summary>Wakes the app without showing anything; at most two or three an hour are delivered.</summary>
    public const string Background = "background";

    /// <summary>A call; the topic then ends in <c>.voip</c>.</summary>
    public const string Voip = "voip";
}
