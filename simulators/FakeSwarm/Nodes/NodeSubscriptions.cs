using System.Runtime.InteropServices;
using Sotto.FakeSwarm.Wire;

namespace Sotto.FakeSwarm.Nodes;

/// <summary>
/// Who wants to hear of which account at one node: by routing id, valid for 65 minutes, requests of one connection adding up until then
/// (oxenmq section 6). Thread-safe. About 100 bytes for each and no objects, since a network may hold millions.
/// </summary>
internal sealed class NodeSubscriptions
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(65);

    // Clients ask for few different sets of namespaces; of further ones only the last few are looked for before another is added.
    private const int SetsSearched = 16;

    private readonly Lock _gate = new();
    private readonly List<Connection> _connections = [];
    private readonly List<short[]> _namespaceSets = [];

    public void Add(byte[] routingId, in MonitorWish wish, DateTimeOffset now)
    {
        lock (_gate)
        {
            var accounts = ConnectionOf(routingId).Accounts;
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(accounts, wish.Account, out _);
            var isAlive = entry.ExpiresAt > now.UtcTicks;
            entry = new Entry(
                SetOf(isAlive ? Union(_namespaceSets[entry.NamespaceSet], wish.Namespaces) : wish.Namespaces),
                wish.WantsData || (isAlive && entry.WantsData),
                (now + Lifetime).UtcTicks,
                isAlive ? entry.Since : now.UtcTicks);
        }
    }

    /// <summary>The connections to notify of a message, each once, and whether it wants the body.</summary>
    public List<(byte[] RoutingId, bool WantsData)> For(byte[] account, short space, DateTimeOffset now)
    {
        var found = new List<(byte[], bool)>();
        lock (_gate)
        {
            foreach (var connection in _connections)
            {
                if (connection.Accounts.TryGetValue(new AccountKey(account), out var entry) && entry.ExpiresAt > now.UtcTicks && _namespaceSets[entry.NamespaceSet].Contains(space))
                    found.Add((connection.RoutingId, entry.WantsData));
            }
        }

        return found;
    }

    /// <summary>All of an account, whatever they want to hear of; and since when.</summary>
    public List<(byte[] RoutingId, short[] Namespaces, bool WantsData, DateTimeOffset Since)> Of(ReadOnlySpan<byte> account, DateTimeOffset now)
    {
        var found = new List<(byte[], short[], bool, DateTimeOffset)>();
        lock (_gate)
        {
            foreach (var connection in _connections)
            {
                if (connection.Accounts.TryGetValue(new AccountKey(account), out var entry) && entry.ExpiresAt > now.UtcTicks)
                    found.Add((connection.RoutingId, _namespaceSets[entry.NamespaceSet], entry.WantsData, new DateTimeOffset(entry.Since, TimeSpan.Zero)));
            }
        }

        return found;
    }

    /// <summary>Every connection that has asked for anything, and the first account that it asked for.</summary>
    public List<(byte[] RoutingId, byte[] Account)> Connections()
    {
        lock (_gate)
            return [.. _connections.Select(connection => (connection.RoutingId, connection.Accounts.Keys.First().Bytes.ToArray()))];
    }

    /// <summary>Pairs of connection and account that have not expired.</summary>
    public int Count(DateTimeOffset now)
    {
        lock (_gate)
            return _connections.Sum(connection => connection.Accounts.Values.Count(entry => entry.ExpiresAt > now.UtcTicks));
    }

    /// <summary>Pairs of connection and account, expired ones included: known without looking at each.</summary>
    public int CountOfAll()
    {
        lock (_gate)
            return _connections.Sum(connection => connection.Accounts.Count);
    }

    public void Clear()
    {
        lock (_gate)
        {
            _connections.Clear();
            _namespaceSets.Clear();
        }
    }

    private static short[] Union(short[] some, short[] others) => some.AsSpan().SequenceEqual(others) ? some : [.. some.Union(others).Order()];

    private Connection ConnectionOf(byte[] routingId)
    {
        foreach (var known in _connections)
        {
            if (known.RoutingId.AsSpan().SequenceEqual(routingId))
                return known;
        }

        var connection = new Connection(routingId);
        _connections.Add(connection);
        return connection;
    }

    private int SetOf(short[] namespaces)
    {
        for (var i = _namespaceSets.Count - 1; i >= Math.Max(0, _namespaceSets.Count - SetsSearched); i--)
        {
            if (_namespaceSets[i].AsSpan().SequenceEqual(namespaces))
                return i;
        }

        _namespaceSets.Add(namespaces);
        return _namespaceSets.Count - 1;
    }

    private sealed class Connection(byte[] routingId)
    {
        public byte[] RoutingId { get; } = routingId;

        public Dictionary<AccountKey, Entry> Accounts { get; } = [];
    }

    // Numbers only, so that a collector need not look into it; instants are in ticks.
    private readonly record struct Entry(int NamespaceSet, bool WantsData, long ExpiresAt, long Since);
}
