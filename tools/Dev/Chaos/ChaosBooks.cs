using System.Text.Json;
using Sotto.Ledger;

namespace Sotto.Dev.Chaos;

/// <summary>Writes the books of a run from what its witnesses saw.</summary>
internal sealed class ChaosBooks(Testimony seen)
{
    // A handover comes after the sender's look at the clock by as much as a busy machine takes.
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Haste = TimeSpan.FromSeconds(2);

    // A frame is in hand until the last of its pushes is settled or parked.
    private static readonly TimeSpan InFlightMax = LedgerChecker.InFlightMax + TimeSpan.FromSeconds(ChaosWorld.ParkingSecondsMax);

    private readonly HashSet<string> _probes = new(StringComparer.Ordinal);

    /// <summary>Messages stored when all was calm again: everybody who counts on it must hear them.</summary>
    public void Probe(StoredMessage message) => _probes.Add(message.Hash);

    /// <summary>The verdict of what is known by now.</summary>
    /// <param name="waiting">What is in the queues.</param>
    /// <param name="kept">What the DeadLetterKeeper has.</param>
    public Verdict Judge(IReadOnlyCollection<PushKey> waiting, Kept kept)
    {
        var books = new Books();
        var excuses = new Excuses(seen);
        Promise(books, excuses);
        foreach (var ring in seen.Rings)
            books.Take(ring.Device?.Name ?? "stranger", ring.Message, ring.At, ring.Simulator, ring.AnswerLost);
        foreach (var key in waiting)
            books.End(key, EndingKind.Waiting);
        End(books, excuses, kept);
        excuses.Disturb(books);
        return LedgerChecker.Check(books, Lateness, Haste, InFlightMax);
    }

    private void Promise(Books books, Excuses excuses)
    {
        foreach (var message in seen.Stored.Values)
        {
            var isProbe = _probes.Contains(message.Hash);
            var isHeard = seen.Heard.TryGetValue(message.Hash, out var heardAt);
            var told = isHeard ? heardAt : message.At;
            var isSure = isProbe || (isHeard ? !excuses.IsDoubtful(heardAt) : message.Copies > 0 && !excuses.IsDeaf(message.At));
            foreach (var device in seen.Crowd.For(message.Account, message.Namespace))
            {
                var key = new PushKey(device.Name, message.Hash);
                if (MayCome(excuses, device, message, told))
                    books.Permit(key);
                // Between the API's yes and the first message that must come lies the way to the Encryptor: for who comes late, only what is sent when all is calm is sure.
                if (isSure && device.SubscribedAt <= message.At && (device.Role != Role.Late || isProbe) && !(device.GoneFrom <= told))
                    books.Accept(key, told, message.ExpiresAt);
            }
        }
    }

    // The message may have been on its way when the device came, and the withdrawal when the message was told.
    private static bool MayCome(Excuses excuses, Device device, StoredMessage message, DateTimeOffset told) =>
        device.SubscribingFrom is { } came && excuses.IsOnItsWay(told, came) && (device.WithdrawnAt is not { } withdrawn || excuses.IsOnItsWay(withdrawn, message.At));

    private void End(Books books, Excuses excuses, Kept kept)
    {
        var now = TimeProvider.System.GetUtcNow();
        var sealedKeys = seen.Pushes.Values.Select(push => new PushKey(push.Device.Name, push.Message)).ToHashSet();
        var gone = seen.Crowd.Devices.Where(device => device.GoneFrom is not null).ToDictionary(device => device.Name, device => device.GoneFrom!.Value, StringComparer.Ordinal);
        foreach (var (key, acceptance) in books.Accepted)
        {
            // The Encryptor makes no push of what has expired; then there is none to tell of.
            if (acceptance.ExpiresAt <= now && !sealedKeys.Contains(key) && excuses.MayEndUnsealed(acceptance))
                books.End(key, EndingKind.Expired, "before it was sealed", now);
            if (gone.TryGetValue(key.Device, out var goneFrom) && excuses.IsOnItsWay(acceptance.At, goneFrom))
                books.End(key, EndingKind.Superseded, "the device went");
        }

        foreach (var (id, at) in seen.ExpiredPushes)
        {
            if (!seen.Pushes.TryGetValue(id, out var push))
                continue;
            var (key, provider) = (new PushKey(push.Device.Name, push.Message), Crowd.SimulatorOf(push.Device.Service));
            var end = at + excuses.ClockAhead(provider, at);
            // Who must wait before the next try gives up when there is no time left for that.
            if (excuses.MayHaveFailed(provider, push.At, at) && books.Accepted.TryGetValue(key, out var acceptance) && acceptance.ExpiresAt > end)
                end = acceptance.ExpiresAt.Value;
            books.End(key, EndingKind.Expired, "", end);
        }

        foreach (var letter in kept.Letters)
        {
            if (seen.Pushes.TryGetValue(letter.Push, out var push))
                books.End(new PushKey(push.Device.Name, push.Message), EndingKind.DeadLettered, letter.Outcome, now);
        }

        foreach (var (reason, body) in kept.Poison)
        {
            foreach (var key in Frames.Keys(body, seen))
                books.End(key, EndingKind.DeadLettered, $"poison: {reason}", now);
        }
    }
}

/// <summary>Reads the frames of the bus as a stranger does: as JSON.</summary>
internal static class Frames
{
    /// <summary>The pushes that a frame of messages or of pushes means; none for any other.</summary>
    public static IEnumerable<PushKey> Keys(byte[] body, Testimony seen)
    {
        using var document = JsonDocument.Parse(body);
        var keys = new List<PushKey>();
        if (!document.RootElement.TryGetProperty("message", out var frame) || !frame.TryGetProperty("items", out var items))
            return keys;
        foreach (var item in items.EnumerateArray())
        {
            if (item.TryGetProperty("messageHash", out var hash) && seen.Stored.TryGetValue(hash.GetString()!, out var message))
                keys.AddRange(seen.Crowd.For(message.Account, message.Namespace).Select(device => new PushKey(device.Name, message.Hash)));
            else if (item.TryGetProperty("pushId", out var id) && seen.Pushes.TryGetValue(id.GetGuid(), out var push))
                keys.Add(new PushKey(push.Device.Name, push.Message));
        }

        return keys;
    }
}
