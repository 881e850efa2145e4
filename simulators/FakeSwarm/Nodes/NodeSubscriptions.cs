using Sotto.FakeSwarm.Wire;

namespace Sotto.FakeSwarm.Nodes;

/// <summary>
/// Who wants to hear of which account at one node: by routing id, valid for 65 minutes, requests of one connection adding up until then
/// (oxenmq section 6). Thread-safe.
/// </summary>
internal sealed class NodeSubscriptions
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(65);

    private readonly Lock _gate = new();
    private readonly Dictionary<ByteString, Dictionary<ByteString, Entry>> _byAccount = [];

    public void Add(byte[] routingId, MonitorWish wish, DateTimeOffset now)
    {
        lock (_gate)
        {
            var account = new ByteString(wish.Account);
            var connection = new ByteString(routingId);
            if (!_byAccount.TryGetValue(account, out var entries))
                _byAccount.Add(account, entries = []);
            if (!entries.TryGetValue(connection, out var entry) || entry.ExpiresAt <= now)
                entries[connection] = entry = new Entry();

            entry.Namespaces.UnionWith(wish.Namespaces);
            entry.WantsData |= wish.WantsData;
            entry.ExpiresAt = now + Lifetime;
        }
    }

    /// <summary>The connections to notify of a message, each once, and whether it wants the body.</summary>
    public List<(byte[] RoutingId, bool WantsData)> For(byte[] account, short space, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _byAccount.TryGetValue(new ByteString(account), out var entries)
                ? [.. entries
                    .Where(entry => entry.Value.ExpiresAt > now && entry.Value.Namespaces.Contains(space))
                    .Select(entry => (entry.Key.Bytes, entry.Value.WantsData))]
                : [];
        }
    }

    /// <summary>All of an account, whatever they want to hear of.</summary>
    public List<(byte[] RoutingId, short[] Namespaces, bool WantsData)> Of(byte[] account, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _byAccount.TryGetValue(new ByteString(account), out var entries)
                ? [.. entries
                    .Where(entry => entry.Value.ExpiresAt > now)
                    .Select(entry => (entry.Key.Bytes, entry.Value.Namespaces.ToArray(), entry.Value.WantsData))]
                : [];
        }
    }

    /// <summary>Every connection that has asked for anything.</summary>
    public List<(byte[] RoutingId, byte[] Account)> Connections()
    {
        lock (_gate)
        {
            return [.. _byAccount
                .SelectMany(account => account.Value.Keys.Select(connection => (Connection: connection, Account: account.Key.Bytes)))
                .DistinctBy(pair => pair.Connection)
                .Select(pair => (pair.Connection.Bytes, pair.Account))];
        }
    }

    /// <summary>Pairs of connection and account.</summary>
    public int Count(DateTimeOffset now)
    {
        lock (_gate)
            return _byAccount.Values.Sum(entries => entries.Values.Count(entry => entry.ExpiresAt > now));
    }

    public void Clear()
    {
        lock (_gate)
            _byAccount.Clear();
    }

    private sealed class Entry
    {
        public SortedSet<short> Namespaces { get; } = [];

        public bool WantsData { get; set; }

        public DateTimeOffset ExpiresAt { get; set; }
    }
}
