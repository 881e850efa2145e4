using System.Globalization;
using Sotto.FakeSwarm.Nodes;
using Sotto.FakeSwarm.Wire;

namespace Sotto.FakeSwarm;

/// <summary>Messages stored, and floods of them.</summary>
public sealed partial class FakeSwarmNetwork
{
    public const int DataBytesMax = 76_800;

    /// <summary>The life of a message in a swarm, where the caller does not care.</summary>
    public static readonly TimeSpan TimeToLiveDefault = TimeSpan.FromDays(14);

    // Posted but not yet sent; a flood waits above it, so that memory stays bounded.
    private const int BacklogMax = 2_000;
    private static readonly TimeSpan BacklogPause = TimeSpan.FromMilliseconds(1);

    private readonly Random _random;
    private readonly Lock _randomGate = new();
    private long _messages;

    /// <summary>
    /// Stores a message: every member of the account's swarm that is up and has a subscription sends its own notification, once for each connection.
    /// </summary>
    /// <param name="account">33 bytes.</param>
    /// <param name="space">The namespace.</param>
    /// <param name="data">The body, at most 76,800 bytes.</param>
    /// <param name="timeToLive">Default 14 days.</param>
    /// <param name="copiesMax">At most so many members notify.</param>
    /// <returns>Its hash, and how many notifications are on their way.</returns>
    public StoredMessage Store(byte[] account, short space, byte[] data, TimeSpan? timeToLive = null, int copiesMax = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(data);
        Limits.Require(account.Length == Limits.AccountBytes, "An account has 33 bytes.");
        Limits.Require(data.Length <= DataBytesMax, "A body has at most 76,800 bytes.");
        return Store(MembersOf(account), account, space, data, timeToLive ?? TimeToLiveDefault, copiesMax);
    }

    /// <summary>Stores many messages at a steady rate.</summary>
    public async Task<FloodResult> FloodAsync(FloodRequest flood, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(flood);
        flood.Check();
        var clock = TimeProvider.System;
        var accounts = flood.Accounts.Select(account => (Account: account, Members: MembersOf(account))).ToArray();
        await using var journal = flood.JournalFile is { } file ? new StreamWriter(file) : StreamWriter.Null;
        var (startedAt, started) = (UnixMicroseconds(clock), clock.GetTimestamp());
        long copies = 0;
        for (var i = 0; i < flood.Count; i++)
        {
            var (account, members) = accounts[i % accounts.Length];
            // What is encrypted looks random.
            var data = new byte[flood.DataBytes];
            Random.Shared.NextBytes(data);
            // A timer may ring a little early.
            var storedAt = UnixMicroseconds(clock);
            var stored = Store(members, account, flood.Namespace, data, TimeToLiveDefault, flood.CopiesPerMessageMax);
            copies += stored.Copies;
            if (flood.JournalFile is not null)
                await journal.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{Math.Min(startedAt + (long)(i / flood.PerSecond * 1e6), storedAt)} {Convert.ToHexStringLower(account)} {stored.Hash}"));

            var ahead = TimeSpan.FromSeconds((i + 1) / flood.PerSecond) - clock.GetElapsedTime(started);
            if (ahead > BacklogPause)
                await Task.Delay(ahead, clock, cancellation);
            while (_threads.Any(thread => thread.Backlog > BacklogMax))
                await Task.Delay(BacklogPause, clock, cancellation);
        }

        return new FloodResult(flood.Count, copies, clock.GetElapsedTime(started).TotalMilliseconds);
    }

    private static long UnixMicroseconds(TimeProvider clock) => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private StoredMessage Store(IReadOnlyList<FakeNode> members, byte[] account, short space, byte[] data, TimeSpan timeToLive, int copiesMax)
    {
        var now = _options.Clock.GetUtcNow();
        var milliseconds = now.ToUnixTimeMilliseconds();
        var expiry = (now + timeToLive).ToUnixTimeMilliseconds();
        var hash = NotifyFrames.Hash(account, Interlocked.Increment(ref _messages), data);
        byte[]? bare = null;
        byte[]? withData = null;
        _tally.Stored();

        var copies = 0;
        var senders = 0;
        foreach (var node in members)
        {
            if (senders == copiesMax)
                break;
            if (!node.IsUp || node.IsSilent)
                continue;

            var connections = node.Listener.Subscriptions.For(account, space, now);
            if (connections.Count == 0)
                continue;

            senders++;
            if (IsDropped(node))
            {
                _tally.Dropped();
                continue;
            }

            copies += connections.Count;
            foreach (var (routingId, wantsData) in connections)
            {
                var frame = wantsData
                    ? withData ??= NotifyFrames.Message(account, hash, space, milliseconds, expiry, data)
                    : bare ??= NotifyFrames.Message(account, hash, space, milliseconds, expiry, null);
                Notify(node, () => node.Listener.Notify(routingId, frame));
            }
        }

        return new StoredMessage(hash, copies, milliseconds);
    }

    private static void Notify(FakeNode node, Action send)
    {
        if (node.Delay > TimeSpan.Zero)
            node.Thread.PostLater(node.Delay, send);
        else
            node.Thread.Post(send);
    }

    private bool IsDropped(FakeNode node)
    {
        if (node.DropRate <= 0)
            return false;

        lock (_randomGate)
            return _random.NextDouble() < node.DropRate;
    }
}
