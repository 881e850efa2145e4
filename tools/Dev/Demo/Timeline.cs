using System.Globalization;
using System.Text.Json.Nodes;

namespace Sotto.Dev.Demo;

/// <summary>The hops of one message, in milliseconds since it was stored. All clocks are this machine's.</summary>
internal static class Timeline
{
    public static string Of(DemoPhone phone, JsonObject received, BusTap tap)
    {
        (string Name, DateTimeOffset? At)[] hops =
        [
            ("heard by the listener", Find(tap.Heard, phone.Hash)),
            ("sealed, in the provider's queue", Find(tap.Sealed, phone.Service)),
            ("at the provider", received["at"]?.GetValue<DateTimeOffset>()),
        ];
        var times = hops.Where(hop => hop.At is not null)
            .Select(hop => string.Create(CultureInfo.InvariantCulture, $"{hop.Name} {(hop.At!.Value - phone.StoredAt).TotalMilliseconds:0.0} ms"));
        return $"stored 0.0 ms → {string.Join(" → ", times)}";
    }

    private static DateTimeOffset? Find(IReadOnlyDictionary<string, DateTimeOffset> times, string key) => times.TryGetValue(key, out var at) ? at : null;
}
