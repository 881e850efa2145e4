using System.Text;
using Sotto.Bench.Measuring;
using Sotto.Bench.Seeding;
using Sotto.FakePhone;
using Sotto.Ledger;

namespace Sotto.Bench.Pipeline;

/// <summary>Holds what was stored against what the provider took: every notification is opened with its own phone's key, and read.</summary>
internal static class Judgement
{
    /// <summary>The verdict, and the time from when each message was due until the provider had read its notification whole, in milliseconds.</summary>
    /// <param name="due">What was stored.</param>
    /// <param name="phones">Which phone has an account, by the account's hex.</param>
    /// <param name="taken">What the provider took.</param>
    /// <param name="bytes">Each message's size: a notification with another cannot be read.</param>
    public static (Verdict Verdict, Quantiles Latency) Read(IReadOnlyCollection<Due> due, IReadOnlyDictionary<string, int> phones, IReadOnlyList<Taken> taken, int bytes)
    {
        var keyed = due.Select(message => message.AccountHex).Distinct(StringComparer.Ordinal).AsParallel()
            .Select(account => SeedPhone.Of(phones[account])).ToDictionary(phone => phone.TokenFor(SeedPhone.Service), StringComparer.OrdinalIgnoreCase);
        var dueAt = due.ToDictionary(message => message.Hash, message => message.AtMicroseconds, StringComparer.Ordinal);
        var books = new Books();
        foreach (var message in due)
            books.Accept(new PushKey(message.AccountHex, message.Hash), DateTimeOffset.UnixEpoch.AddMicroseconds(message.AtMicroseconds));

        var latencies = new List<double>(taken.Count);
        foreach (var (notification, at, account) in taken.AsParallel().Select(push => Open(keyed, push, bytes)).ToList())
        {
            books.Take(account, notification?.Hash, DateTimeOffset.UnixEpoch.AddMicroseconds(at));
            if (notification is not null && dueAt.TryGetValue(notification.Hash, out var since))
                latencies.Add((at - since) / 1000.0);
        }

        return (LedgerChecker.Check(books, TimeSpan.Zero), new Quantiles(latencies));
    }

    // The token in the request names the device that would ring; the envelope tells whether that device can read it.
    private static (Notification? Notification, long At, string Account) Open(Dictionary<string, FakePhone.FakePhone> phones, Taken push, int bytes)
    {
        if (!phones.TryGetValue(push.Token, out var phone))
            return (null, push.AtMicroseconds, "a stranger");
        var envelope = Envelope.FindIn(Encoding.UTF8.GetString(push.Body.Span));
        return (envelope is not null && phone.TryOpen(envelope, out var notification) && notification.Data?.Length == bytes ? notification : null, push.AtMicroseconds, phone.Account.Hex);
    }
}
