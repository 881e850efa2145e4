using NUnit.Framework;
using Sotto.Ledger;
using Sotto.LocalServers.Processes;
using Sotto.TestSupport;

namespace EndToEnd.Tests;

/// <summary>Two listeners share the accounts; one dies without a word while messages flow.</summary>
public sealed class ListenerTakeoverTests
{
    private const int Phones = 24;
    private static readonly TimeSpan DeafMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BeforeTheKill = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan AfterTheKill = TimeSpan.FromSeconds(16);

    [Test]
    public async Task Killing_a_listener_leaves_no_account_deaf_for_ten_seconds_and_rings_no_phone_twice()
    {
        await using var world = await World.StartAsync(scale: new(StringComparer.Ordinal) { ["SwarmListener"] = 2 });
        var names = new List<string>();
        for (var i = 0; i < Phones; i++)
            names.Add(await world.SubscribeAsync("apns"));

        var stored = new List<(PushKey Key, DateTimeOffset At)>();
        await StoreForAsync(BeforeTheKill);
        await world.System.StopServiceAsync(world.Service("SwarmListener"), StopSignal.Kill, CancellationToken.None);
        var killedAt = TimeProvider.System.GetUtcNow();
        await StoreForAsync(AfterTheKill);

        var late = stored.Where(message => message.At > killedAt + DeafMax || message.At < killedAt - Beat).Select(message => message.Key).ToList();
        await Eventually.BecomesTrueAsync(async () => await MissingAsync(late) == 0, what: "every message outside the ten seconds arrived");

        var verdict = await world.JudgeAsync(stored.Select(message => message.Key));
        Assert.That(verdict.Duplicated, Is.Zero, string.Join(", ", verdict.DuplicatedKeys));
        Assert.That(verdict.Misdirected, Is.Zero, string.Join(", ", verdict.MisdirectedKeys));
        Assert.That(DeafFor(await ArrivedAsync()), Is.LessThan(DeafMax));

        async Task StoreForAsync(TimeSpan span)
        {
            var end = TimeProvider.System.GetUtcNow() + span;
            while (TimeProvider.System.GetUtcNow() < end)
            {
                foreach (var name in names)
                {
                    var hash = await world.StoreAsync(name, "still there?"u8.ToArray());
                    stored.Add((new PushKey(name, hash), TimeProvider.System.GetUtcNow()));
                }

                await Task.Delay(Beat, TimeProvider.System, CancellationToken.None);
            }
        }

        async Task<HashSet<PushKey>> ArrivedAsync() =>
            [.. (await world.ArrivalsAsync()).Select(arrival => new PushKey(arrival.Device, arrival.Notification?.Hash ?? "unreadable"))];

        async Task<int> MissingAsync(IEnumerable<PushKey> keys)
        {
            var arrived = await ArrivedAsync();
            return keys.Count(key => !arrived.Contains(key));
        }

        // From an account's first message that was not heard to its next one that was.
        TimeSpan DeafFor(HashSet<PushKey> arrived)
        {
            var longest = TimeSpan.Zero;
            foreach (var account in stored.GroupBy(message => message.Key.Device, StringComparer.Ordinal))
            {
                DateTimeOffset? deafSince = null;
                foreach (var (key, at) in account)
                {
                    if (!arrived.Contains(key))
                        deafSince ??= at;
                    else if (deafSince is { } since)
                        (longest, deafSince) = (at - since > longest ? at - since : longest, null);
                }
            }

            TestContext.Progress.WriteLine($"{stored.Count} messages, {stored.Count - arrived.Count} not heard; the longest that an account was deaf: {longest.TotalSeconds:0.0} s");
            return longest;
        }
    }
}
