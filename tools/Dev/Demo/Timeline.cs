using System.Globalization;
using System.Text.Json.Nodes;

namespace Sotto.Dev.Demo;

/// <summary>The hops of one message, in milliseconds since it was stored. All clocks are this machine's.</summary>
internal static class Timeline
{
    public static string Of(DemoPhone phone, DemoMessage message, JsonObject received, BusTap tap)
    {
        (string Name, DateTimeOffset? At)[] hops =
        [
            ("heard", Find(tap.Heard, message.Hash)),
            ("sealed", tap.SealedAt(phone.Service, message.StoredAt)),
            ("at the provider", received["at"]?.GetValue<DateTimeOffset>()),
        ];
        var times = hops.Where(hop => hop.At is not null)
            .Select(hop => string.Create(CultureInfo.InvariantCulture, $"{hop.Name} {(hop.At!.Value - message.StoredAt).TotalMilliseconds:0.0} ms"));
        return $"stored → {string.Join(" → ", times)}";
    }

    private static DateTimeOffset? Find(IReadOnlyDictionary<string, DateTimeOffset> times, string key) => times.TryGetValue(key, out var at) ? at : null;
}
