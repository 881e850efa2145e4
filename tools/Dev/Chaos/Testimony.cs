using System.Globalization;
using Sotto.Ledger;

namespace Sotto.Dev.Chaos;

/// <summary>What the witnesses of a run have seen by now; it grows while they look on.</summary>
internal sealed class Testimony
{
    public required Crowd Crowd { get; init; }

    /// <summary>Messages that the simulated network was given, by hash.</summary>
    public required IReadOnlyDictionary<string, StoredMessage> Stored { get; init; }

    /// <summary>When the broker had each message, by hash.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> Heard { get; init; }

    /// <summary>What was sealed, by push id.</summary>
    public required IReadOnlyDictionary<Guid, SealedPush> Pushes { get; init; }

    /// <summary>Pushes said to have expired.</summary>
    public required IReadOnlyDictionary<Guid, DateTimeOffset> ExpiredPushes { get; init; }

    /// <summary>Everything that a provider took.</summary>
    public required IReadOnlyCollection<Ring> Rings { get; init; }

    /// <summary>How often a provider said of a device's push that it is bad, because it was told to say so; by the device's name.</summary>
    public required IReadOnlyDictionary<string, int> Refused { get; init; }

    /// <summary>Every end of a process.</summary>
    public required IReadOnlyCollection<Ended> Ends { get; init; }

    /// <summary>Everything that was planned, done or not.</summary>
    public required IReadOnlyCollection<DoneFault> Done { get; init; }

    /// <summary>How far a push came, for who looks for it.</summary>
    public string Tell(PushKey key)
    {
        var told = Stored.TryGetValue(key.Message, out var message) ? string.Create(CultureInfo.InvariantCulture, $"told at {message.At:HH:mm:ss.f} by {message.Copies} copies{(message.ExpiresAt is { } end ? $", worth something for {(end - message.At).TotalSeconds:0} s" : "")}") : "of no known message";
        var heard = Heard.TryGetValue(key.Message, out var at) ? string.Create(CultureInfo.InvariantCulture, $"at the broker at {at:HH:mm:ss.f}") : "never at the broker";
        var push = Pushes.FirstOrDefault(push => push.Value.Device.Name == key.Device && push.Value.Message == key.Message);
        return push.Value is null ? $"{told}, {heard}" : string.Create(CultureInfo.InvariantCulture, $"{told}, {heard}, sealed at {push.Value.At:HH:mm:ss.f} as {push.Key}");
    }
}
