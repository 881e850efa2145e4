using System.Collections.Concurrent;

namespace Sotto.Hosting.Bus;

/// <summary>What this instance tells in its statistics that is no number, such as the hash of the chain's top block. Nothing of an account or a device. Thread-safe.</summary>
public sealed class StatsFacts
{
    private readonly ConcurrentDictionary<string, Func<string?>> _facts = new(StringComparer.Ordinal);

    /// <summary>Tells <paramref name="value"/> from now on, as it is at the time of each report; null is left out.</summary>
    public void Show(string name, Func<string?> value) => _facts[name] = value;

    internal IReadOnlyDictionary<string, string> Read() =>
        _facts.Select(fact => KeyValuePair.Create(fact.Key, fact.Value())).Where(fact => fact.Value is not null).ToDictionary(fact => fact.Key, fact => fact.Value!, StringComparer.Ordinal);
}
