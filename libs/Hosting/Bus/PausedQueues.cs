using System.Collections.Concurrent;

namespace Sotto.Hosting.Bus;

/// <summary>Queues from which this service does not consume at the moment, on purpose. Thread-safe.</summary>
public sealed class PausedQueues
{
    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);

    /// <summary>Nobody need consume from it.</summary>
    public void Add(string queue) => _names[queue] = true;

    /// <summary>It is consumed from again.</summary>
    public void Remove(string queue) => _names.TryRemove(queue, out _);

    internal bool Contains(string queue) => _names.ContainsKey(queue);
}
