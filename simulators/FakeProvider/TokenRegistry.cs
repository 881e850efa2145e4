using System.Collections.Concurrent;

namespace Sotto.FakeProvider;

/// <summary>What the vendor knows of a device token.</summary>
public enum TokenState
{
    /// <summary>Reaches a device.</summary>
    Alive,

    /// <summary>The app is gone from the device.</summary>
    Unregistered,

    /// <summary>Too old; for vendors that tell it apart.</summary>
    Expired,

    /// <summary>Looks right and was never issued.</summary>
    Bad,

    /// <summary>Belongs to another app or project.</summary>
    Foreign,

    /// <summary>The device is being sent too much.</summary>
    Throttled,
}

/// <summary>One device token's entry.</summary>
/// <param name="State">What the vendor knows.</param>
/// <param name="Since">Since when; for vendors that tell.</param>
/// <param name="Topic">The only topic it serves; null for any.</param>
/// <param name="Environment">The only environment (<see cref="ReceivedRequest.Listener"/>) it serves; null for any.</param>
public sealed record TokenEntry(TokenState State, DateTimeOffset? Since = null, string? Topic = null, string? Environment = null);

/// <summary>The device tokens that a simulator was told about. Thread-safe.</summary>
public sealed class TokenRegistry(bool strict)
{
    /// <summary>More entries than this are refused, so that a runaway load cannot fill the memory.</summary>
    public const int EntriesMax = 1_000_000;

    private static readonly TokenEntry Alive = new(TokenState.Alive);
    private static readonly TokenEntry Unknown = new(TokenState.Bad);

    private readonly ConcurrentDictionary<string, TokenEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Makes a token known, or changes what is known of it.</summary>
    public void Set(string token, TokenState state, DateTimeOffset? since = null, string? topic = null, string? environment = null)
    {
        if (_entries.Count >= EntriesMax && !_entries.ContainsKey(token))
            throw new InvalidOperationException($"A simulator remembers at most {EntriesMax} device tokens.");
        _entries[token] = new(state, since, topic, environment);
    }

    /// <summary>What is known of a well-formed token; one never heard of is alive, or bad where the registry is strict.</summary>
    public TokenEntry this[string token] => _entries.GetValueOrDefault(token, strict ? Unknown : Alive);

    /// <summary>Forgets every token.</summary>
    public void Clear() => _entries.Clear();
}
