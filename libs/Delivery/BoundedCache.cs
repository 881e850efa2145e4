using System.Diagnostics.CodeAnalysis;

namespace Sotto.Delivery;

/// <summary>Remembers so many values, and forgets the one that was not asked for the longest. Thread-safe.</summary>
/// <typeparam name="TKey">What values are asked for by.</typeparam>
/// <typeparam name="TValue">What is remembered.</typeparam>
/// <param name="countMax">Most values; 0 remembers nothing.</param>
public sealed class BoundedCache<TKey, TValue>(int countMax)
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _byUse = [];

    /// <summary>How many values are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _nodes.Count;
        }
    }

    /// <summary>Looks a value up, and so keeps it.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(key, out var node))
            {
                value = default;
                return false;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
    }

    /// <summary>Remembers a value, in place of the one that was there.</summary>
    public void Set(TKey key, TValue value)
    {
        if (countMax <= 0)
            return;
        lock (_gate)
        {
            if (_nodes.Remove(key, out var old))
                _byUse.Remove(old);
            else if (_nodes.Count >= countMax && _byUse.Last is { } oldest)
            {
                _nodes.Remove(oldest.Value.Key);
                _byUse.RemoveLast();
            }

            _nodes[key] = _byUse.AddFirst((key, value));
        }
    }

    /// <summary>Forgets a value.</summary>
    public void Remove(TKey key)
    {
        lock (_gate)
        {
            if (_nodes.Remove(key, out var node))
                _byUse.Remove(node);
        }
    }
}
